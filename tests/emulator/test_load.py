"""Many connections, and memory that stays bounded."""

import json
import signal
import socket
import threading
import time

import pytest


def in_threads(count, work):
    """Runs work(number) in threads, and gives what went wrong."""
    problems = []

    def guarded(number):
        try:
            work(number)
        except Exception as error:  # noqa: BLE001 - whatever it was, the test reports it
            problems.append(repr(error))

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def pipelined(emulator, path, body, count, at_once=100):
    """Sends one request many times, without waiting for each reply."""
    content = json.dumps(body).encode()
    request = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (path.encode(), len(content), content)
    with socket.create_connection(emulator.address, timeout=20) as connection:
        for _ in range(count // at_once):
            connection.sendall(request * at_once)
            replies = b""
            while replies.count(b"}") < 2 * at_once:  # a status-only reply has two closing braces
                replies += connection.recv(65536)
            assert replies.count(b'"success":true') == at_once


def memory_kib(emulator):
    with open(f"/proc/{emulator.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def test_64_kept_alive_connections_sign_in_without_an_error(emulator):
    brand = emulator.brand(FIXED_OTP="123456")
    rounds = 5

    def work(number):
        connection = emulator.connect(timeout=60)
        for each in range(rounds):
            body = brand.customer(value=f"9{number:02}{each:02}").body()
            session = emulator.send("POST", "/auth/v1/token/generate", body, connection=connection).session_id
            kept = connection.sock
            body["sessionId"] = session
            assert emulator.send("POST", "/auth/v1/otp/generate", body, connection=connection).code == 200
            body["otp"] = "123456"
            assert emulator.send("POST", "/auth/v1/otp/validate", body, connection=connection).token
            assert connection.sock is kept
        connection.close()

    assert in_threads(64, work) == []
    counts = brand.counts()
    assert set(counts.values()) == {64 * rounds} and len(counts) == 3
    assert len(brand.outbox()) == 64 * rounds


def test_replies_are_not_held_back(emulator):
    customer = emulator.brand().customer().started()
    took = []
    for _ in range(50):
        begun = time.monotonic()
        customer.generate_otp()
        took.append(time.monotonic() - begun)
    assert min(took) < 0.04  # which a delayed acknowledgement would cost each of them


def test_a_thousand_open_connections(start):
    emulator = start(tls=False)
    connections = [emulator.connect(timeout=60) for _ in range(1000)]
    try:
        for connection in connections:
            assert emulator.send("GET", "/x", connection=connection).http_status == 404
        kept = connections[0].sock
        assert emulator.send("GET", "/x", connection=connections[0]).http_status == 404
        assert connections[0].sock is kept
    finally:
        for connection in connections:
            connection.close()


def test_outbox_keeps_the_last_10000(start):
    emulator = start(tls=False)
    customer = emulator.brand().customer().started()
    first = customer
    first.generate_otp()
    other = customer.brand.customer().started()
    pipelined(emulator, "/auth/v1/otp/generate", other.body(sessionId=other.session_id), 10000)
    assert customer.brand.outbox(first.value) == []
    assert len(customer.brand.outbox()) == 10000


def test_expired_sessions_of_strangers_are_dropped(start):
    # AddressSanitizer, if the program was built with it, would keep what is freed.
    emulator = start(tls=False, environment={"ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"})
    brand = emulator.brand()
    sizes = []
    for rounds in range(4):
        for number in range(2000):
            brand.customer(value=f"{rounds}-{number}").generate()
        emulator.advance(minutes=15)
        sizes.append(memory_kib(emulator))
    # The first round sets the size; without dropping, each of the others would add some 1,000 KiB.
    assert sizes[3] - sizes[0] < 1000, sizes


def test_arbitrary_paths_do_not_fill_the_counts(start):
    emulator = start(tls=False)
    for number in range(2100):
        emulator.send("GET", f"/path/{number}")
    counts = emulator.control("GET", "requests")["counts"]
    assert len(counts) == 2001 and counts["(other paths)"] == 100


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("count", [127, 128, 129, 256, 384])
def test_no_number_of_requests_that_come_at_once_is_left_waiting(start, count, tls):
    emulator = start(tls=tls)
    connections = [emulator.connect(timeout=30) for _ in range(count)]
    for connection in connections:
        connection.connect()
    for _ in range(3):
        emulator.process.send_signal(signal.SIGSTOP)  # so that all of them wait together
        for connection in connections:
            connection.request("GET", "/x")
        emulator.process.send_signal(signal.SIGCONT)
        for connection in connections:
            reply = connection.getresponse()
            assert reply.status == 404 and reply.read()
    for connection in connections:
        connection.close()


def test_requests_that_came_in_one_tls_record_are_all_answered(start):
    emulator = start()
    request = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
    for count in (2, 50, 500):
        connection = emulator.connect(timeout=30)
        connection.connect()
        connection.sock.sendall(request * count)
        replies = b""
        while replies.count(b"HTTP/1.1 404") < count or not replies.endswith(b"}"):
            received = connection.sock.recv(65536)
            assert received
            replies += received
        connection.close()


def test_a_large_body_in_full_tls_records_is_read_to_its_end(start):
    emulator = start()
    body = b'{"brand":"DocDemo","padding":"%s"}' % (b"x" * 250000)
    connection = emulator.connect(timeout=30)
    for _ in range(3):
        assert emulator.send("POST", "/auth/v1/token/generate", body, connection=connection).code == 1519
    connection.close()


def test_delayed_replies_come_while_nothing_else_happens(start):
    emulator = start()
    for milliseconds in (300, 100, 200):
        emulator.fault(path="/auth/v1/token/generate", delayMs=milliseconds)
    connections = [emulator.connect(timeout=30) for _ in range(3)]
    customer = emulator.brand().customer()
    begun = time.monotonic()
    for connection in connections:
        connection.request("POST", "/auth/v1/token/generate", json.dumps(customer.body()))
    took = {}
    for connection, milliseconds in sorted(zip(connections, (300, 100, 200), strict=True), key=lambda each: each[1]):
        assert connection.getresponse().status == 200
        took[milliseconds] = (time.monotonic() - begun) * 1000
        connection.close()
    assert all(passed >= milliseconds for milliseconds, passed in took.items()), took


def test_it_ends_at_once_although_replies_are_delayed(start):
    emulator = start()
    emulator.fault(path="/auth/v1/token/generate", delayMs=600000)
    connection = emulator.connect(timeout=30)
    connection.request("POST", "/auth/v1/token/generate", json.dumps(emulator.brand().customer().body()))
    while not emulator.control("GET", "requests")["counts"]:
        pass
    begun = time.monotonic()
    assert emulator.stop() == 0
    assert time.monotonic() - begun < 10
    connection.close()
