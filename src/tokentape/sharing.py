"""What the processes of one opening of a cassette know of each other: a private folder, gone with its owner.

The owner opened the cassette: a block whose program forked, or `tokentape run`. The others joined it.

    played    numbers of the recordings that were played, each claimed by one process under the lock
    told      what the others tell the owner, a line each: errors, troubles, tallies, and that they joined
    lock      held to claim, and by the owner while it ends: from then on a process is on its own

Errors are pickled: the folder is readable by its user only, as the processes themselves are.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import pickle
import struct
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.cassettes.stores.lock import locked
from tokentape.errors import CassetteError, RecordingError, ReplayError, TokentapeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NUMBER = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Told:
    """One line: an error, or a tally at the end of a process, or that a process joined."""

    error: TokentapeError | None = None
    tally: Mapping[str, int] = field(default_factory=dict)
    joined: str = ""


class Shared:
    """The folder, as one process uses it; a forked child's copy goes on where the parent's was."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._seen = 0
        self._heard = 0

    @classmethod
    def made(cls) -> Shared:
        """A new one, for its owner to `remove`. Raises `OSError`."""
        import tempfile

        shared = cls(tempfile.mkdtemp(prefix="tokentape-"))
        if not _made:
            atexit.register(_remove_all)
        _made[shared.folder] = os.getpid()
        return shared

    def remove(self) -> None:
        """The owner has ended: whoever is left is on its own."""
        import shutil

        _made.pop(self.folder, None)
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock for a block; False, and no lock, if the owner has ended."""
        try:
            lock = locked(self._path("lock"))
            lock.__enter__()
        except FileNotFoundError:
            yield False
            return
        except (OSError, CassetteError):
            yield True  # nobody lets go of it: better a recording played twice than a program that hangs
            return
        try:
            yield True
        finally:
            lock.__exit__(None, None, None)

    def claim(self, number: int) -> None:
        """This recording was played here. To be called while the lock is held."""
        self._append("played", _NUMBER.pack(number))

    def claimed(self) -> list[int]:
        """The recordings that were played since this was last asked, here or elsewhere."""
        data = self._rest("played", self._seen)
        whole = len(data) - len(data) % _NUMBER.size
        self._seen += whole
        return [number for (number,) in _NUMBER.iter_unpack(data[:whole])]

    def tell(self, error: TokentapeError) -> bool:
        """Tell the owner of an error; False if it has ended and cannot hear."""
        try:
            pickled = base64.b64encode(pickle.dumps(error)).decode()
        except (pickle.PicklingError, TypeError, AttributeError):
            pickled = ""
        kind = "trouble" if isinstance(error, RecordingError) else "error"
        return self._tell({kind: str(error), "pickle": pickled})

    def tell_tally(self, tally: Mapping[str, int]) -> bool:
        """Tell the owner what happened here, when this process ends."""
        return self._tell({"tally": dict(tally)})

    def tell_joined(self, who: str) -> bool:
        """Tell the owner that a process takes part."""
        return self._tell({"joined": who})

    def news(self) -> list[Told]:
        """What was told since this was last asked."""
        data = self._rest("told", self._heard)
        whole = data.rfind(b"\n") + 1
        self._heard += whole
        return [told for line in data[:whole].splitlines() if (told := _told(line)) is not None]

    def _tell(self, line: Mapping[str, object]) -> bool:
        with suppress(OSError):
            self._append("told", json.dumps(line).encode() + b"\n")
            return True
        return False

    def _append(self, name: str, data: bytes) -> None:
        """In one write, so that lines of several processes do not mix."""
        descriptor = os.open(self._path(name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)

    def _rest(self, name: str, start: int) -> bytes:
        try:
            with open(self._path(name), "rb") as file:
                file.seek(start)
                return file.read()
        except FileNotFoundError:
            return b""

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)


_made: dict[str, int] = {}
"""Folders that were not removed yet, each with the process that made it: a deck may never be closed."""


def _remove_all() -> None:
    for folder, process in list(_made.items()):
        if process == os.getpid():
            Shared(folder).remove()


def _told(line: bytes) -> Told | None:
    """What a line says; None for one that is torn, for want of room."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if "tally" in said:
        return Told(tally=said["tally"])
    if "joined" in said:
        return Told(joined=said["joined"])
    return Told(error=_error(said))


def _error(said: Mapping[str, str]) -> TokentapeError:
    """The error itself; where it cannot be pickled, one of its family with the same text."""
    with suppress(pickle.UnpicklingError, TypeError, AttributeError, ImportError, EOFError):
        error = pickle.loads(base64.b64decode(said["pickle"]))
        if isinstance(error, TokentapeError):
            return error
    return RecordingError(said["trouble"]) if "trouble" in said else ReplayError(said["error"])
