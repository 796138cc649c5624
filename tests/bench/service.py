# SPDX-License-Identifier: Apache-2.0
"""The service that all programs talk to: nginx on this machine, by TLS 1.3; its answers stand in its configuration."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "network"))
from ports import free_port  # noqa: E402

# An answer carries a token of 420 characters, as the Auth Engine's does.
TOKEN_LENGTH = 420
SYSTEM_CA = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")

CONFIGURATION = """
worker_processes 1;
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type application/json;
    keepalive_timeout 3600s;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        ssl_protocols TLSv1.3;
        location = /auth/v1/token/generate {{ return 200 '{view}'; }}
        location = /auth/v1/otp/generate {{ return 200 '{done}'; }}
        location = /auth/v1/otp/validate {{ return 200 '{user}'; }}
        location = /silent/auth/v1/token/generate {{ return 200 '{view}'; }}
        location /silent/ {{ proxy_pass http://127.0.0.1:{silent}; proxy_read_timeout 600s; }}
        location /mobile/v2/api/ {{ alias {folder}/gateway/; }}
    }}
}}
"""


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _token(role: str) -> str:
    """As the Auth Engine makes them, valid for a day; nobody looks at the signature."""
    now = int(time.time())
    head = _encoded({"idv": ["MOBILE|919999999993"], "dev": "device-1", "org": "BENCH", "alg": "HS256"})
    claims = {"iss": "CAPILLARY TECHNOLOGIES", "ogc": ["100001|bench.till"], "exp": now + 86400, "iat": now}
    text = f"{head}.{_encoded({**claims, 'rol': role, 'uid': '123456789'})}."
    return text + "s" * (TOKEN_LENGTH - len(text))


def _signed(role: str) -> str:
    user = {"appRegistered": True, "sessionId": "P-d0729ebd-5a9c-43a4-99ce-dd50e786410e", "role": role}
    key = "k" * 420 if role == "USER" else None
    return json.dumps({**_status(), "auth": {"token": _token(role), "key": key}, "user": user}, separators=(",", ":"))


def _status() -> dict[str, object]:
    return {"status": {"success": True, "code": 200, "message": "SUCCESS"}}


def _write_gateway(folder: pathlib.Path) -> None:
    """Replies of a gateway: what a customer did, in as many rows as make the size."""
    folder.mkdir()
    row = {"id": 1234567, "date": "2026-01-31T10:00:00Z", "store": "Bench", "amount": 1234.5, "points": [12, 34]}
    for name, size in {"1k": 1000, "95k": 95_000, "1m": 1_000_000}.items():
        count = size // (len(json.dumps(row)) + 2)
        reply = {"entity": [row] * count, "warnings": [], **_status()}
        (folder / name).write_text(json.dumps(reply))


def _make_certificate(folder: pathlib.Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        stderr=subprocess.DEVNULL,
        check=True,
    )


@contextlib.contextmanager
def _running(command: list[object], port: int):
    process = subprocess.Popen(list(map(str, command)))
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def running(folder: pathlib.Path, pin: list[str]):
    """Gives its environment for the programs. What is asked below /silent after the first step is never answered."""
    _make_certificate(folder)
    _write_gateway(folder / "gateway")
    port = free_port()
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as silent:
        (folder / "nginx.conf").write_text(
            CONFIGURATION.format(
                folder=folder,
                port=port,
                silent=silent.getsockname()[1],
                view=_signed("VIEW"),
                done=json.dumps(_status()),
                user=_signed("USER"),
            )
        )
        with _running([*pin, nginx, "-e", folder / "error.log", "-p", folder, "-c", folder / "nginx.conf"], port):
            yield environment(f"https://127.0.0.1:{port}", folder / "certificate.pem")


def environment(url: str, ca_file: pathlib.Path) -> dict[str, str]:
    return {"CAPAUTH_BENCH_URL": url, "CAPAUTH_BENCH_CA_FILE": str(ca_file)}


@contextlib.contextmanager
def http2_front(folder: pathlib.Path, url: str, pin: list[str]):
    """nghttpx speaks HTTP/2 in front of it. Gives the environment for that."""
    port = free_port()
    backend = url.removeprefix("https://").replace(":", ",")
    command = ["nghttpx", f"--frontend=127.0.0.1,{port}", f"--backend={backend};;tls;proto=http/1.1", "--insecure"]
    quiet = ["--errorlog-file=/dev/null", "--accesslog-file=/dev/null", "--conf=/dev/null"]
    with _running([*pin, *command, *quiet, folder / "key.pem", folder / "certificate.pem"], port):
        yield environment(f"https://127.0.0.1:{port}", folder / "certificate.pem")
