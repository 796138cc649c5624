"""Where an application may keep the exports of its sessions."""

import fcntl
import os
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["FileStore"]


class FileStore:
    """One export in one file that only its owner can read. Whoever reads gets a whole text, the old or the new one,
    also when the writer is killed or the machine loses power; several processes may write.

    Beside the file are `.lock`, which stays, and for a moment `.new`.
    """

    __slots__ = ("path",)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = pathlib.Path(path)

    def save(self, text: str) -> None:
        """Keeps the text; when this returns, it is on the disk."""
        content = text.encode()
        with self._locked():
            new = self._beside(".new")
            with suppress(FileNotFoundError):
                os.unlink(new)  # of a writer that died
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self.path)
            self._sync_folder()

    def load(self) -> str | None:
        """The text that was saved last; None without one."""
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def delete(self) -> None:
        """Forgets the text."""
        with self._locked(), suppress(FileNotFoundError):
            os.unlink(self.path)
            self._sync_folder()

    def _beside(self, suffix: str) -> pathlib.Path:
        return self.path.with_name(self.path.name + suffix)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time; the lock of a writer that dies is free."""
        descriptor = os.open(self._beside(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _sync_folder(self) -> None:
        descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def __repr__(self) -> str:
        return f"FileStore({str(self.path)!r})"
