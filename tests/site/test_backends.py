"""Web backends, a queue and a fleet, as they stand, with a real Redis, gunicorn and Celery."""

import subprocess
import urllib.parse

import pytest
from beside import OTP, SERVER, ask, programs

SERVERS = {
    "backend_fastapi": "python3 -W error backend_fastapi.py",
    "backend_flask": f"gunicorn --log-level warning --workers 2 --bind 127.0.0.1:{SERVER} backend_flask:app",
}
MOBILES = {"backend_fastapi": "919999998001", "backend_flask": "919999998002"}


def sign_in(beside, url, mobile):
    """The name of the session that the backend gave its browser."""
    session = ask(f"{url}/begin", {"mobile": mobile})[1]["session"]
    assert ask(f"{url}/validate", {"session": session, "otp": "000000"}) == (401, {"detail": "INVALID_OTP"})
    otp = beside.control("GET", f"outbox?identifier={mobile}")["messages"][0]["otp"]
    assert ask(f"{url}/validate", {"session": session, "otp": otp}) == (200, {"role": "USER"})
    return session


def regenerations(beside):
    return beside.control("GET", "requests")["counts"].get("POST /auth/v1/token/regenerate", 0)


def mobile_of(reply):
    return reply["customers"]["customer"][0]["mobile"]


@pytest.fixture(scope="module")
def sessions(beside):
    """What each backend's browser holds, after a sign-in. Each is asked eight times, of whichever of its workers."""
    held = {}
    for name, command in SERVERS.items():
        server, url = beside.start(command, SERVER), f"http://127.0.0.1:{beside.ports[SERVER]}"
        session = held[name] = sign_in(beside, url, MOBILES[name])
        for _ in range(8):
            status, reply = ask(f"{url}/me?session={urllib.parse.quote(session)}")
            assert status == 200 and mobile_of(reply) == MOBILES[name]
        if name == "backend_flask":
            assert ask(f"{url}/me?session=none") == (401, {"detail": "NO_SESSION"})
        beside.stop(server)
    return held


@pytest.mark.parametrize("name", SERVERS)
def test_backend_signs_a_customer_in(sessions, name):
    assert sessions[name]


def test_celery_works_for_a_customer_whom_the_web_backend_has_signed_in(beside, sessions):
    celery = "celery --app backend_celery --quiet worker --concurrency 2"
    worker = beside.start(f"{celery} >celery.log 2>&1")
    program = "import sys, backend_celery as b; print(b.profile.delay(sys.argv[1]).get(timeout=60)['customers'])"
    asking = beside.popen(f'python3 -c "{program}" "{sessions["backend_flask"]}"', stdout=subprocess.PIPE)
    said, _ = asking.communicate()
    beside.stop(worker)
    assert MOBILES["backend_flask"] in said, (beside.folder / "celery.log").read_text()


def test_fleet_of_three_languages_shares_one_sign_in_and_one_regeneration(beside):
    languages = [language for _, language in programs(["fleet"])]
    assert languages == ["python", "lua", "java"]
    assert "OTP: " in beside.run("fleet", "python", [OTP])
    beside.control("POST", "clock", {"advanceSeconds": 3600})
    before = regenerations(beside)
    workers = [beside.popen(beside.command("fleet", language), stdout=subprocess.PIPE) for language in languages]
    for worker in workers:
        assert worker.communicate()[0] == "the gateway said 200 to USER\n"
    assert regenerations(beside) == before + 1
