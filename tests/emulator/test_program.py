"""The program: its command line, its certificate, its end."""

import fcntl
import os
import signal
import socket
import ssl
import stat
import struct
import subprocess

import pytest
from conftest import PROGRAM


def run(*options):
    return subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=20)


def test_version_and_help():
    version = run("--version")
    assert version.returncode == 0 and version.stdout.startswith("capauth-emulator 1.")
    usage = run("--help")
    for option in ("--listen", "--tls", "--tls-name", "--ca-file", "--brands", "--version"):
        assert usage.returncode == 0 and option in usage.stdout


@pytest.mark.parametrize(
    "options,said",
    [
        (["--unknown"], "unknown"),
        (["stray"], "stray"),
        (["--listen"], "listen"),
        (["--listen", "8080"], "8080"),
        (["--listen", "127.0.0.1:"], "127.0.0.1:"),
        (["--listen", "127.0.0.1:65536"], "65536"),
        (["--listen", "::1:80"], "::1:80"),
        (["--tls", "--tls-name", "a,b"], "a,b"),
        (["--tls", "--tls-name", ""], "name"),
        (["--tls-name", "a.example"], "a.example"),
        (["--ca-file", "x.pem"], "x.pem"),
    ],
)
def test_a_wrong_command_line_is_status_2_with_a_reason(options, said):
    result = run(*options)
    assert result.returncode == 2 and said in result.stderr and result.stdout == ""


def test_what_cannot_be_done_is_status_1_with_a_reason(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--listen", f"127.0.0.1:{port}")
        assert result.returncode == 1 and str(port) in result.stderr
    result = run("--listen", "no-such-host.invalid:0")
    assert result.returncode == 1 and "no-such-host.invalid" in result.stderr
    result = run("--listen", "127.0.0.1:0", "--tls", "--ca-file", str(tmp_path / "no" / "ca.pem"))
    assert result.returncode == 1 and "ca.pem" in result.stderr
    result = run("--listen", "127.0.0.1:0", "--brands", str(tmp_path / "missing.json"))
    assert result.returncode == 1 and "missing.json" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly_and_remove_its_private_ca_file(start, number):
    emulator = start()
    directory = os.path.dirname(emulator.ca_file)
    assert emulator.brand().customer().sign_in().token
    emulator.process.send_signal(number)
    assert emulator.process.wait(20) == 0
    emulator.connection.close()
    emulator.process.stdout.close()
    assert not os.path.exists(directory)


def test_plain_http_prints_only_its_url(start):
    emulator = start(tls=False)
    assert emulator.url.startswith("http://127.0.0.1:") and emulator.brand().customer().sign_in().token
    assert emulator.stop() == 0


def port_of(process):
    assert process.stdout
    return int(process.stdout.readline().rsplit(":", 1)[1])


def test_ipv6():
    command = [PROGRAM, "--listen", "[::1]:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        port = int(line.rsplit(":", 1)[1])
        assert line.startswith("listening on http://[::1]:")
        socket.create_connection(("::1", port), timeout=10).close()
        process.terminate()
        assert process.wait(20) == 0


def certificate(emulator, name):
    context = ssl.create_default_context(cafile=emulator.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(emulator.address, timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=name) as tls,
    ):
        return tls.getpeercert()


def test_certificate_is_valid_for_its_names_only(start):
    emulator = start("--tls-name", "auth.brand.example", "--tls-name", "10.0.2.2", "--tls-name", "*.wild.example")
    for name in ("localhost", "127.0.0.1", "::1", "auth.brand.example", "10.0.2.2", "a.wild.example"):
        certificate(emulator, name)
    for name in ("brand.example", "10.0.2.3"):
        with pytest.raises(ssl.SSLCertVerificationError):
            certificate(emulator, name)


def test_certificate_was_valid_yesterday(start):
    there = certificate(start(), "localhost")
    begins = ssl.cert_time_to_seconds(there["notBefore"])
    now = ssl.cert_time_to_seconds(there["notAfter"]) - 397 * 86400
    assert now - begins >= 86400 - 5


def test_another_authority_is_not_trusted(start):
    one, other = start(), start()
    context = ssl.create_default_context(cafile=other.ca_file)
    with (
        socket.create_connection(one.address, timeout=10) as connection,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(connection, server_hostname="localhost")


def test_ca_file_is_made_once_and_used_again(start, tmp_path):
    path = tmp_path / "ca.pem"
    first = start("--ca-file", str(path))
    made = path.read_bytes()
    assert first.ca_file == str(path) and first.stop() == 0
    key = tmp_path / "ca.pem.key"
    assert b"PRIVATE" not in made and b"PRIVATE" in key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    second = start("--ca-file", str(path))
    assert path.read_bytes() == made
    certificate(second, "localhost")
    assert sorted(os.listdir(tmp_path)) == ["ca.pem", "ca.pem.key"]


def test_a_lost_ca_file_is_written_again_from_its_key(start, tmp_path):
    path = tmp_path / "ca.pem"
    start("--ca-file", str(path)).stop()
    made = path.read_bytes()
    path.unlink()
    certificate(start("--ca-file", str(path)), "localhost")
    assert path.read_bytes() == made


def test_a_ca_file_without_its_key_or_of_another_is_refused_and_left_alone(start, tmp_path):
    path, other = tmp_path / "ca.pem", tmp_path / "other.pem"
    options = ["--listen", "127.0.0.1:0", "--tls", "--ca-file", str(path)]
    start("--ca-file", str(other)).stop()
    foreign = other.read_bytes()
    path.write_bytes(foreign)
    result = run(*options)
    assert result.returncode == 1 and "ca.pem.key" in result.stderr
    path.unlink()
    start("--ca-file", str(path)).stop()
    path.write_bytes(foreign)
    result = run(*options)
    assert result.returncode == 1 and "belong" in result.stderr
    assert path.read_bytes() == foreign
    (tmp_path / "ca.pem.key").write_text("rubbish")
    assert run(*options).returncode == 1


def test_emulators_that_start_together_share_one_authority(tmp_path):
    path = tmp_path / "ca.pem"
    command = [PROGRAM, "--listen", "127.0.0.1:0", "--tls", "--ca-file", str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    ports = [port_of(process) for process in processes]
    context = ssl.create_default_context(cafile=str(path))
    for port in ports:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            context.wrap_socket(connection, server_hostname="localhost").close()
    for process in processes:
        process.terminate()
        process.communicate(timeout=20)
        assert process.returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["ca.pem", "ca.pem.key"]


def local_addresses():
    """The IPv4 addresses of this machine's interfaces."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, name in socket.if_nameindex():
            try:  # SIOCGIFADDR
                answer = fcntl.ioctl(any_socket, 0x8915, struct.pack("256s", name.encode()))
            except OSError:
                continue  # it has none
            found.append(socket.inet_ntoa(answer[20:24]))
    return found


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0"])
def test_listening_on_every_address_is_certified_for_each(start, listen):
    emulator = start("--listen", listen)
    emulator.address = ("127.0.0.1", emulator.address[1])
    addresses = local_addresses()
    assert "127.0.0.1" in addresses
    for name in ("localhost", "10.0.2.2", "::1", *addresses):  # Android's emulator knows us as 10.0.2.2
        certificate(emulator, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        certificate(start(), "10.0.2.2")


def test_listening_on_a_name_is_on_each_of_its_addresses(start):
    emulator = start("--listen", "localhost:0", tls=False)
    port = emulator.address[1]
    addresses = {str(each[4][0]) for each in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)}
    for address in addresses:
        with socket.create_connection((address, port), timeout=10) as connection:
            connection.sendall(b"GET /_emulator/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"
    assert emulator.url == f"http://localhost:{port}"


def private_key_of(path):
    """The key alone, out of a file with a certificate too."""
    text = path.read_text()
    return text[text.index("-----BEGIN PRIVATE KEY") :]


def test_an_authority_of_ones_own_is_used_and_left_alone(start, tmp_path):
    made, own = tmp_path / "made", tmp_path / "own"
    made.mkdir()
    own.mkdir()
    start("--ca-file", str(made / "ca.pem")).stop()
    authority, key = own / "rootCA.pem", own / "rootCA-key.pem"
    authority.write_bytes((made / "ca.pem").read_bytes())
    key.write_text(private_key_of(made / "ca.pem.key"))
    for _ in range(2):
        emulator = start("--ca-file", str(authority), "--ca-key", str(key))
        assert emulator.ca_file == str(authority)
        certificate(emulator, "localhost")
    assert authority.read_bytes() == (made / "ca.pem").read_bytes()
    assert sorted(os.listdir(own)) == ["rootCA-key.pem", "rootCA.pem"]


def test_an_unfit_authority_of_ones_own_is_refused(start, tmp_path):
    for name in ("a", "b"):
        start("--ca-file", str(tmp_path / name)).stop()
    key = tmp_path / "key"
    key.write_text(private_key_of(tmp_path / "b.key"))
    empty = tmp_path / "empty"
    empty.write_text("")
    leaf = tmp_path / "leaf"
    leaf.write_text(ssl.get_server_certificate(start("--ca-file", str(tmp_path / "a")).address))
    for authority, its_key, said in (
        ("a", key, "belong"),
        ("a", empty, "private key"),
        ("a", tmp_path / "absent", "private key"),
        ("empty", key, "certificate"),
        ("absent", key, "certificate"),
        ("leaf", key, "belong"),
    ):
        ca_file = str(tmp_path / authority)
        result = run("--listen", "127.0.0.1:0", "--tls", "--ca-file", ca_file, "--ca-key", str(its_key))
        assert result.returncode == 1 and said in result.stderr and result.stdout == ""
    result = run("--tls", "--ca-key", str(key))
    assert result.returncode == 2 and "--ca-file" in result.stderr
