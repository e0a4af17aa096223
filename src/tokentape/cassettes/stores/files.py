"""Files as cassettes need them: read whole, written whole or not at all, with errors that say what to do."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tokentape.cassettes.stretch import Stretch
from tokentape.errors import CassetteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.cassettes.format.layout import Piece

_FIXES = {
    errno.ENOSPC: "free some space and run it again",
    errno.EDQUOT: "free some of your quota and run it again",
    errno.EFBIG: "raise the limit on file sizes and run it again",
    errno.EACCES: "make it writable, or choose another place",
    errno.EPERM: "make it writable, or choose another place",
    errno.EROFS: "the file system is read-only: choose another place",
    errno.ENOTDIR: "move that file away, or choose another place",
    errno.EISDIR: "name a file in it, ending in .json",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOENT: "make sure that its directory is not removed while recording",
}


@contextmanager
def explained(path: str, problem: str) -> Iterator[None]:
    """Turn an `OSError` of the block into a `CassetteError` that names the path, the reason and the fix."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if error.errno == errno.ENOTDIR and (file := _file_among_parents(path)):
            reason = f"{file} is a file, not a directory"
        fix = _FIXES.get(error.errno or 0, "")
        raise CassetteError(path, f"{problem}: {reason}", fix=fix) from error


def read(path: str) -> bytes | None:
    """The file's bytes, or None if there is none. Raises `CassetteError`."""
    try:
        with explained(path, "cannot be read"), open(path, "rb") as file:
            return file.read()
    except CassetteError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


def check_writable(path: str) -> None:
    """Raise `CassetteError` unless a file can be written at `path`, its directory made if need be."""
    with explained(path, "cannot be written"):
        mode = _mode(path)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        if mode is not None and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, "it is read-only")
        _try_writing_in(_nearest_folder(path))


def write(path: str, pieces: Iterable[Piece]) -> None:
    """Replace the file at once: a temporary file beside it, fsync, rename. Raises `OSError`.

    Whoever calls this holds the cassette's lock, so one name for the temporary file is enough, and what
    a process that died left there is overwritten. A link is followed, and access rights are kept.
    """
    path = os.path.realpath(path) if os.path.islink(path) else path
    temporary = path + ".tmp"
    try:
        with open(temporary, "wb") as file:
            for piece in pieces:
                file.writelines(piece.parts() if isinstance(piece, Stretch) else (piece,))
            file.flush()
            os.fsync(file.fileno())
        if (mode := _mode(path)) is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, path)
    except BaseException:
        remove(temporary)
        raise
    _sync_folder(os.path.dirname(path) or ".")


def remove(path: str) -> None:
    """Remove a file that may be gone already."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _nearest_folder(path: str) -> str:
    """The closest parent that exists; it may turn out to be a file."""
    folder = os.path.dirname(path) or "."
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder) or "."
    return folder


def _file_among_parents(path: str) -> str | None:
    folder = _nearest_folder(path)
    return folder if os.path.isfile(folder) else None


def _try_writing_in(folder: str) -> None:
    """Make a file and remove it: access bits tell nothing of full disks, access lists, network or Windows."""
    probe = os.path.join(folder, f"tokentape-{os.urandom(4).hex()}.probe")
    descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, b"\n")
    finally:
        os.close(descriptor)
        os.unlink(probe)


def _sync_folder(folder: str) -> None:
    """Make the rename itself last where the file system can; Windows has no such call."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
