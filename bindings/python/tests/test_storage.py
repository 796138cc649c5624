"""FileStore."""

import os
import pathlib
import random
import signal
import stat
import subprocess
import sys
import time

import pytest

import capauth
from capauth.storage import FileStore


@pytest.fixture
def store(tmp_path: pathlib.Path) -> FileStore:
    return FileStore(tmp_path / "session.json")


def test_saved_text_is_loaded(store: FileStore) -> None:
    assert store.load() is None
    for text in ("first", "zweiter ü", ""):
        store.save(text)
        assert store.load() == text
    store.delete()
    store.delete()
    assert store.load() is None


def test_file_is_the_owners_alone(store: FileStore) -> None:
    os.umask(os.umask(0))
    store.save("secret")
    for path in store.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_nothing_but_the_lock_stays_beside_it(store: FileStore) -> None:
    store.save("a")
    store.save("b")
    assert sorted(path.name for path in store.path.parent.iterdir()) == ["session.json", "session.json.lock"]


def test_what_is_no_text_is_refused_and_the_old_one_stays(store: FileStore) -> None:
    store.save("old")
    with pytest.raises(AttributeError):
        store.save(None)  # type: ignore[arg-type]
    with pytest.raises(UnicodeEncodeError):
        store.save("\ud800")
    assert store.load() == "old"


def test_session_survives_in_it(store: FileStore, client: capauth.Client, signed_in: capauth.Session) -> None:
    signed_in.on_change(lambda changed: store.save(changed.export()))
    signed_in.regenerate_token()
    text = store.load()
    assert text is not None
    assert client.restore(text).token == signed_in.token


WRITER = """
import sys
from capauth.storage import FileStore
store = FileStore(sys.argv[1])
number = 0
print("ready", flush=True)
while True:
    number += 1
    store.save(f"{number}:" + "x" * (number * 997 % 50000) + f":{number}")
"""


def test_reader_finds_a_whole_text_whenever_the_writer_dies(store: FileStore) -> None:
    store.save("0::0")
    seed = random.randrange(10**6)
    moments = random.Random(seed)
    for _ in range(12):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(store.path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(moments.random() / 20)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        text = store.load()
        assert text is not None
        number, middle, last = text.split(":")
        assert number == last and len(middle) == int(number) * 997 % 50000, f"seed {seed}"
    store.save("after")
    assert store.load() == "after"
