"""Nothing that a program gives to a function may crash it, whatever the function and the argument."""

import pathlib

import pytest
from attacks import SEED, Attack, Counts

HERE = pathlib.Path(__file__).parent
PROGRAM = (HERE / "hostile.py").read_text(encoding="utf-8")
LONG_TEXTS = (HERE / "long_texts.py").read_text(encoding="utf-8")


def test_no_argument_crashes_any_function(attack: Attack, counts: Counts) -> None:
    functions, values, calls = map(int, attack(PROGRAM, SEED, head="").split())
    assert functions > 500 and values > 50 and calls > 50000
    counts.functions, counts.values, counts.calls = functions, values, calls


def test_long_text_is_refused_by_name_and_limit_and_not_kept(attack: Attack) -> None:
    assert int(attack(LONG_TEXTS, head=f"import sys\nsys.path.insert(0, {str(HERE)!r})\n")) > 70


REIMPORT = """
def forget():
    for name in [name for name in sys.modules if name.partition(".")[0] == "capauth"]:
        del sys.modules[name]
old = new_session(new_client())
forget()
import capauth as again
from capauth import _flat as flat
assert again is not capauth
newer = again.Client(base_url=URL, ca_file=CA_FILE).session(brand=BRAND, mobile="919999999994", device_id="d")
sign_in(newer), sign_in(old)
assert flat.session_signed_in(old._handle) == 1
del capauth, again, flat
forget()
gc.collect()
old.regenerate_token()
newer.close(), old.close()
import capauth
new_client().close()
print("fine")
"""


def test_module_that_is_imported_again_shares_with_the_first(attack: Attack) -> None:
    assert attack(REIMPORT) == "fine\n"


STATES = """
import copy, inspect, pickle, pydoc
client = new_client()
session = new_session(client)
call = session.start_generate_token()
things = [client, session, call, new_client(capauth.aio.Client)]
def look(things):
    for thing in things:
        for show in (repr, str, dir, pydoc.render_doc, inspect.getmembers, hash, bool, sys.getsizeof, gc.get_referents):
            try:
                text = str(show(thing))
            except (AttributeError, capauth.ClosedError):
                continue
            assert not session.token or session.token not in text or show is inspect.getmembers
        for duplicate in (copy.copy, copy.deepcopy, pickle.dumps, lambda thing: thing.__reduce_ex__(4)):
            try:
                duplicate(thing)
            except TypeError:
                continue
            raise AssertionError(f"{thing} was copied by {duplicate}")
look(things)
call.result()
look(things)
sign_in(session)
look(things)
session.close(), client.close(), things[3].close()
look(things)
look([object.__new__(type(thing)) for thing in things])
print("fine")
"""


def test_handles_can_be_looked_at_in_every_state_and_copied_in_none(forked: Attack) -> None:
    assert forked(STATES) == "fine\n"


TWICE = """
client = new_client()
session, call = new_session(client), None
call = session.start_generate_token()
client.__init__(base_url=URL, ca_file=CA_FILE)
session.__init__(client, new_session(client)._handle)
call.__init__(capauth._call.Started(session, None, ValueError("mine"), None))
gc.collect()
sign_in(session)
loops = []
async def main():
    other = new_client(capauth.aio.Client)
    waiting = asyncio.ensure_future(new_session(other).generate_token())
    await asyncio.sleep(0)
    other.__init__(base_url=URL, ca_file=CA_FILE)
    try:
        await asyncio.wait_for(waiting, 0.05)
    except (TimeoutError, capauth.Error):
        pass
    await new_session(other).generate_token()
asyncio.run(main())
print("fine")
"""


@pytest.mark.filterwarnings("ignore")
def test_objects_that_are_initialised_twice_go_on_as_the_second(forked: Attack) -> None:
    assert forked(TWICE) == "fine\n"
