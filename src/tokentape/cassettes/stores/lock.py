"""Locks on files that end with their holder: the system releases them when a process dies, however it dies.

POSIX has `flock`, tied to the open file, so that two openings in one process exclude each other too;
Windows has `msvcrt.locking` on one byte far behind the end, where it disturbs no reader.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.errors import CassetteError

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 30.0
"""Seconds to wait for another process that is saving. A save takes well under a second."""

if sys.platform == "win32":
    import msvcrt

    _FAR = 0x7FFFFFF0

    def take(descriptor: int) -> bool:
        """Lock an open file if nobody else holds it; True if it is ours now."""
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, place, os.SEEK_SET)
        return True

else:
    import fcntl

    def take(descriptor: int) -> bool:
        """Lock an open file if nobody else holds it; True if it is ours now."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_at(descriptor: int, path: str) -> bool:
    """True if the open file is still the one at `path`: it may have been removed before we locked it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


@contextmanager
def locked(path: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock file at `path` for a block; it exists only as long as someone holds it.

    Raises `CassetteError` if another process keeps it for longer than `patience` seconds, and
    `OSError` if it cannot be made.
    """
    descriptor = _hold(path, time.monotonic() + patience)
    try:
        yield
    finally:
        _let_go(descriptor, path)


def _hold(path: str, until: float) -> int:
    pause = 0.001
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if take(descriptor) and is_at(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() > until:
            raise CassetteError(
                path,
                "another process has been saving this cassette for too long",
                fix="end that process, or delete the lock file if there is none",
            )
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _let_go(descriptor: int, path: str) -> None:
    """Remove the file while it is locked; Windows can only after, and then only if nobody has it open."""
    if sys.platform == "win32":
        os.close(descriptor)
        descriptor = -1
    try:
        os.unlink(path)
    except OSError:
        pass  # another process has it open, or the directory went away: both are harmless
    finally:
        if descriptor >= 0:
            os.close(descriptor)
