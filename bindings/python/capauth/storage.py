"""Where an application may keep the exports of its sessions."""

import errno
import fcntl
import os
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, runtime_checkable

__all__ = ["FileStore", "Store"]


@runtime_checkable
class Store(Protocol):
    """What a store for one export does: FileStore, or an application's own class, which raises its own errors."""

    def save(self, text: str) -> None:
        """Keeps the text, instead of the one before."""

    def load(self) -> str | None:
        """The text that was saved last; None without one."""

    def delete(self) -> None:
        """Deletes the text."""


class FileStore:
    """One export in one file that only its owner can read. A reader gets a whole text, the old or the new one, also
    when the writer is killed or the machine loses power; several processes may write.

    The path may be a symbolic link: it stays, and the file that it leads to is replaced. A file that is mounted by
    itself, as into a container, cannot be replaced and is written over instead.

    Beside the file are `.lock`, which stays, for a moment `.new`, and beside one that is written over `.whole`.
    """

    __slots__ = ("path",)

    path: pathlib.Path
    """Where the text is kept."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = pathlib.Path(path)

    def save(self, text: str) -> None:
        """Keeps the text; when this returns, it is on the disk."""
        content = text.encode()
        with self._writing() as target:
            new = _beside(target, ".new")
            _write_new(new, content)
            try:
                os.replace(new, target)
            except OSError as error:
                if error.errno != errno.EBUSY:  # EBUSY: something is mounted there
                    raise
                _write_over(target, new, content)
            with suppress(FileNotFoundError):
                os.unlink(_beside(target, ".whole"))
            _sync_folder(target)

    def load(self) -> str | None:
        """The text that was saved last; None without one. An empty file is none."""
        with self._reading() as target:
            for path in (_beside(target, ".whole"), target):
                with suppress(FileNotFoundError):
                    return path.read_text(encoding="utf-8") or None
        return None

    def delete(self) -> None:
        """Deletes the text. A file that is mounted by itself is emptied."""
        with self._writing() as target:
            for path in (_beside(target, ".whole"), target):
                with suppress(FileNotFoundError):
                    try:
                        os.unlink(path)
                    except OSError as error:
                        if error.errno != errno.EBUSY:
                            raise
                        os.truncate(path, 0)
            _sync_folder(target)

    @contextmanager
    def _writing(self) -> Iterator[pathlib.Path]:
        """One writer at a time; the lock of one that dies is free. Gives the file that the path leads to now."""
        target = self._target()
        with _locked(os.open(_beside(target, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), fcntl.LOCK_EX):
            yield target

    @contextmanager
    def _reading(self) -> Iterator[pathlib.Path]:
        """Not while it is written over. A reader that may not lock, or finds no lock, reads all the same."""
        target = self._target()
        try:
            descriptor = os.open(_beside(target, ".lock"), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            yield target
            return
        with _locked(descriptor, fcntl.LOCK_SH):
            yield target

    def _target(self) -> pathlib.Path:
        return pathlib.Path(os.path.realpath(self.path))

    def __repr__(self) -> str:
        return f"FileStore({str(self.path)!r})"


@contextmanager
def _locked(descriptor: int, how: int) -> Iterator[None]:
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _beside(target: pathlib.Path, suffix: str) -> pathlib.Path:
    return target.with_name(target.name + suffix)


def _write_new(path: pathlib.Path, content: bytes) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)  # of a writer that died
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_over(target: pathlib.Path, new: pathlib.Path, content: bytes) -> None:
    """For the time of writing, what is read is the whole text beside the file: a writer may die in the midst."""
    whole = _beside(target, ".whole")
    os.replace(new, whole)
    _sync_folder(target)
    with open(target, "r+b") as file:
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(target: pathlib.Path) -> None:
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
