"""FileStore."""

import os
import pathlib
import shutil
import stat
import subprocess
import sys

import pytest

import capauth
from capauth.storage import FileStore, Store


@pytest.fixture
def store(tmp_path: pathlib.Path) -> FileStore:
    return FileStore(tmp_path / "session.json")


def test_saved_text_is_loaded(store: FileStore) -> None:
    assert store.load() is None
    for text in ("first", "zweiter ü"):
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


def test_empty_file_holds_nothing(store: FileStore) -> None:
    store.path.touch()
    assert store.load() is None


def test_every_store_has_the_same_methods(store: FileStore) -> None:
    assert isinstance(store, Store)
    assert not isinstance(object(), Store)


def test_reading_needs_no_right_to_write(store: FileStore) -> None:
    assert FileStore(store.path.parent / "no" / "such" / "folder").load() is None
    store.path.write_text("text", encoding="utf-8")
    assert store.load() == "text"
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]


@pytest.mark.parametrize("relative", [True, False])
def test_symbolic_link_stays_and_its_target_is_replaced(tmp_path: pathlib.Path, relative: bool) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    link = tmp_path / "session.json"
    link.symlink_to("data/kept.json" if relative else folder / "kept.json")
    store = FileStore(link)
    for text in ("first", "second"):  # the first one makes the target
        store.save(text)
        assert link.is_symlink() and (folder / "kept.json").read_text() == text == store.load()
    assert sorted(path.name for path in folder.iterdir()) == ["kept.json", "kept.json.lock"]
    store.delete()
    assert link.is_symlink() and store.load() is None


# Saves, dies and reads again, many times.
DYING_WRITERS = """
import os, random, signal, sys
from capauth.storage import FileStore, Store

def write(store, ready):
    number = 0
    os.write(ready, b"!")
    while True:
        number += 1
        store.save(f"{number}:" + "x" * (number * 997 % 50000) + f":{number}")

store = FileStore(sys.argv[1])
store.save("0::0")
moments = random.Random(1)
for _ in range(12):
    reader, ready = os.pipe()
    pid = os.fork()
    if not pid:
        write(store, ready)
    os.read(reader, 1)
    for _ in range(moments.randrange(20)):  # any moment; each reading is one more test
        text = store.load()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    text = store.load()
    number, middle, last = text.split(":")
    assert number == last and len(middle) == int(number) * 997 % 50000, text[:40]
store.save("after")
assert store.load() == "after"
"""

MOUNTED = """
import sys
from capauth.storage import FileStore, Store

store = FileStore(sys.argv[1])
assert store.load() is None
store.save("a long text")
store.save("text")
assert store.load() == "text"
store.delete()
assert store.load() is None
store.save("last")
"""


def run(program: str, path: pathlib.Path) -> None:
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, timeout=120)


def run_with_mount(program: str, source: pathlib.Path, path: pathlib.Path) -> None:
    """Runs it where the source is mounted on the path, as a container has a single file."""
    unshare = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount anything")
    source.touch()
    path.touch()
    script = 'mount --bind "$1" "$2" && exec "$3" -c "$4" "$2"'
    done = subprocess.run([*unshare, "sh", "-c", script, "sh", source, path, sys.executable, program], timeout=120)
    assert done.returncode == 0


def test_mounted_file_is_written_over(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "container"
    folder.mkdir()
    source = tmp_path / "source.json"
    run_with_mount(MOUNTED, source, folder / "session.json")
    assert source.read_text() == "last"
    assert sorted(path.name for path in folder.iterdir()) == ["session.json", "session.json.lock"]


def test_reader_finds_a_whole_text_whenever_the_writer_dies(store: FileStore) -> None:
    run(DYING_WRITERS, store.path)


def test_reader_of_a_mounted_file_does_too(tmp_path: pathlib.Path) -> None:
    run_with_mount(DYING_WRITERS, tmp_path / "source.json", tmp_path / "session.json")


def test_text_beside_a_file_that_was_cut_off_counts_until_the_next_save(store: FileStore) -> None:
    store.save("the old te")  # as a writer leaves it who dies while it writes over the file
    whole = store.path.with_name("session.json.whole")
    whole.write_text("the new text")
    assert store.load() == "the new text"
    store.save("newer")
    assert store.load() == "newer" and not whole.exists()
    whole.write_text("again")
    store.delete()
    assert store.load() is None
