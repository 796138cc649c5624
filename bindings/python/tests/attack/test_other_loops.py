"""gevent in a program whose every blocking function is patched."""

import os

import pytest
from attacks import HEAD, SECONDS, SEED, Attack

pytest.importorskip("gevent", exc_type=ImportError)
if "ASAN_OPTIONS" in os.environ:
    pytest.skip("greenlets move their stacks, which AddressSanitizer does not follow", allow_module_level=True)
GEVENT = "from gevent import monkey\nmonkey.patch_all()\nimport gevent\n" + HEAD

# A blocking operation stops the other greenlets, and ends.
BLOCKING = """
client = new_client(log=lambda *_: None, trace=lambda _: None)
jobs = [gevent.spawn(sign_in, new_session(client, f"91{number}")) for number in range(8)]
gevent.joinall(jobs, raise_error=True)
assert all(job.value.signed_in for job in jobs)
print("fine")
"""


def test_blocking_operations_of_greenlets_follow_each_other(attack: Attack) -> None:
    assert attack(BLOCKING, head=GEVENT) == "fine\n"


# A callback lets others run. To capauth, which knows only threads, they are in the callback, too, and may not block.
SWITCHING = """
def work(number):
    session = new_session(client, f"91{number}")
    session.on_change(lambda changed: gevent.sleep(0))
    while True:
        try:
            return sign_in(session)
        except capauth.UsageError as error:
            ended.append(error.name)
            gevent.sleep(0.01)
ended = []
client = new_client(log=lambda *_: gevent.sleep(0), trace=lambda _: gevent.sleep(0))
jobs = [gevent.spawn(work, number) for number in range(8)]
gevent.joinall(jobs, raise_error=True)
assert set(ended) == {"REENTRANT"} and all(job.value.signed_in for job in jobs), ended
print("fine")
"""


def test_callback_that_switches_to_another_greenlet_crashes_nothing(attack: Attack) -> None:
    assert attack(SWITCHING, head=GEVENT) == "fine\n"


# gevent's threads are real ones; the loop goes on beside them.
POOL = """
def tick():
    while True:
        ticks.append(1)
        gevent.sleep(0)
ticks = []
ticking = gevent.spawn(tick)
client = new_client()
pool = gevent.get_hub().threadpool
sessions = pool.map(lambda number: sign_in(new_session(client, f"91{number}")), range(8))
assert all(session.signed_in for session in sessions) and len(ticks) > 8
ticking.kill()
print("fine")
"""


def test_blocking_operations_in_the_thread_pool_stop_no_greenlet(attack: Attack) -> None:
    assert attack(POOL, head=GEVENT) == "fine\n"


# As the README says; and greenlets are killed at any moment.
DRIVEN = """
from gevent.event import Event
from gevent.socket import wait_read
moments = random.Random(int(sys.argv[1]))
client, waiting = new_client(), {}
def drive():
    while True:
        wait_read(client.fileno())
        client.poll()
        while (call := client.next_done()) is not None:
            if call in waiting:
                waiting[call].set()
def finished(call):
    waiting[call] = Event()
    try:
        if not call.done():
            waiting[call].wait()
        return call.result()
    finally:
        del waiting[call]
def sign_in_there(session):
    finished(session.start_generate_token())
    finished(session.start_generate_otp())
    finished(session.start_validate_otp("012345"))
driver = gevent.spawn(drive)
for turn in range(int(sys.argv[2])):
    sessions = [new_session(client, f"91{turn}{number}") for number in range(8)]
    jobs = [gevent.spawn(sign_in_there, session) for session in sessions]
    gevent.sleep(moments.uniform(0, 0.02))
    gevent.killall(moments.sample(jobs, 4))
    gevent.joinall(jobs)
    assert all(job.successful() for job in jobs), [job.exception for job in jobs]
    client.poll()  # until then, a session whose greenlet was killed just now is busy with its call
    again = [gevent.spawn(sign_in_there, session) for session in sessions]
    gevent.joinall(again, raise_error=True)
    assert all(session.signed_in for session in sessions)
driver.kill()
assert not waiting
print("fine")
"""


def test_greenlet_is_killed_at_any_moment(attack: Attack) -> None:
    assert attack(DRIVEN, SEED, 10 + 5 * round(SECONDS), head=GEVENT) == "fine\n"
