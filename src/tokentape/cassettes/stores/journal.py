"""The journal of one process: what it recorded so far, safe from kill -9.

    {"journal": 1, "rules": "k1:9f3c", "replaces": false}
    {"at": "...", "key": "...", "exact": "...", "bytes": 812, "crc32": 3735928559}
    {"id": "", ...one interaction as in the cassette, 812 bytes...}

One append is one write, so a process that dies loses at most the call in flight: a last record that
is torn shows by its length or sum, and is dropped. The file is locked for as long as its process lives;
whoever can take the lock may adopt it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import weakref
from typing import TYPE_CHECKING
from zlib import crc32

from tokentape.cassettes.format.layout import pieces
from tokentape.cassettes.stores.files import explained, remove
from tokentape.cassettes.stores.lock import is_at, take
from tokentape.cassettes.stores.merge import Contents, Record
from tokentape.cassettes.stretch import Stretch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from tokentape.cassettes.format.layout import Piece
    from tokentape.wire.interaction import Interaction

_LARGE, _HEAD = 1 << 20, 1 << 16
_OPEN: weakref.WeakSet[FileJournal] = weakref.WeakSet()


class FileJournal:
    """Appends to `STEM.<pid>-<random>.journal`, which exists from the first append on.

    A commit holds `lock` from reading to discarding, so that a call which ends meanwhile is not lost.
    """

    def __init__(self, stem: str, *, rules: str = "", replaces: bool = False) -> None:
        self._descriptor = -1
        self.path: str | None = None
        self.count = 0
        self._stem = stem
        self._head = _line({"journal": 1, "rules": rules, "replaces": replaces})
        self.lock = threading.RLock()
        _OPEN.add(self)

    def append(self, interaction: Interaction) -> None:
        """Write one interaction. Raises `CassetteError`; what was appended before is not harmed."""
        record = _record(interaction)
        with self.lock:
            if self._descriptor < 0:
                with explained(self._stem + ".journal", "cannot be written"):
                    self._create()
            with explained(self.path or self._stem, "the recorded call could not be written"):
                self._write(*record)
            self.count += 1

    def discard(self) -> None:
        """Remove the file and what was appended."""
        with self.lock:
            if self.path is not None:
                self._close()
                with explained(self.path, "cannot be removed"):
                    remove(self.path)
            self.path, self.count = None, 0

    @property
    def is_open(self) -> bool:
        """True from the first append until it is discarded or released."""
        return self._descriptor >= 0

    def release(self) -> None:
        """Close the file and let the next opening adopt it: this journal was not saved."""
        with self.lock:
            self._close()

    def read(self) -> Contents:
        """What was appended so far."""
        if self.path is None:
            return Contents([])
        with explained(self.path, "cannot be read"):
            return read_journal(self.path, self._descriptor)

    def _create(self) -> None:
        os.makedirs(os.path.dirname(self._stem) or ".", exist_ok=True)
        while True:
            path = f"{self._stem}.{os.getpid()}-{os.urandom(4).hex()}.journal"
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(path, flags, 0o666)
            # Between creation and lock another process may take the file for a dead one's and remove it.
            if take(self._descriptor) and is_at(self._descriptor, path):
                break
            self._close()
        self.path, self.count = path, 0
        self._write(self._head)

    def _write(self, *parts: bytes) -> None:
        """All of it or nothing: on a full disk the part that fitted is cut off again."""
        before = os.fstat(self._descriptor).st_size
        try:
            written = _write_at_once(self._descriptor, parts)
            for part in parts:  # usually there is nothing left
                rest, written = memoryview(part)[written:], max(0, written - len(part))
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
        except BaseException:
            os.ftruncate(self._descriptor, before)
            raise

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def forget(self) -> None:
        """In a forked child: file and lock are the parent's, and closing here leaves the lock alone."""
        self.lock = threading.RLock()
        self._close()
        self.path, self.count = None, 0

    def __del__(self) -> None:
        self._close()


def _write_at_once(descriptor: int, parts: Sequence[bytes]) -> int:
    """One write of the parts, without joining them where the system can; how many bytes it took."""
    if sys.platform == "win32":
        return os.write(descriptor, b"".join(parts))
    return os.writev(descriptor, parts)


def open_here() -> set[str]:
    """The journals that this process has open: where locks count per process, they seem to be free."""
    return {journal.path for journal in list(_OPEN) if journal.path is not None and journal.is_open}


def read_journal(path: str, own: int = -1) -> Contents:
    """The contents of a journal file. Raises `OSError` if it cannot be read.

    `own` is the descriptor of one that this process writes: nobody else does, so large blocks need no check
    and stay in it.
    """
    with open(path, "rb") as file:
        head = _parsed(file.readline())
        records: list[Record] = []
        while line := file.readline():
            about = _parsed(line)
            size, total = about.get("bytes"), about.get("crc32")
            if own >= 0 and isinstance(size, int) and size > _LARGE:
                records.append(_read_record(about, _left_there(file, own, size)))
                continue
            block = file.read(size) if isinstance(size, int) else b""
            if size != len(block) or crc32(block) != total or file.read(1) != b"\n":
                return Contents(records, *_meaning(head), torn=True)
            records.append(_read_record(about, (block,)))
    return Contents(records, *_meaning(head), torn=False)


def _left_there(file: BinaryIO, own: int, size: int) -> Sequence[Piece]:
    """The block of `size` bytes that is next in the file: its beginning, and the rest where it is."""
    head = file.read(_HEAD)
    rest = Stretch(own, file.tell(), size - len(head))
    file.seek(rest.size + 1, os.SEEK_CUR)
    return head, rest


def _meaning(head: dict[str, object]) -> tuple[str, bool]:
    return str(head.get("rules", "")), head.get("replaces") is True


def _record(interaction: Interaction) -> list[bytes]:
    block, total = pieces(interaction), 0
    for piece in block:
        total = crc32(piece, total)
    about: dict[str, object] = {
        "at": interaction.timing.at,
        "key": interaction.key,
        "exact": interaction.exact,
        "bytes": sum(map(len, block)),
        "crc32": total,
    }
    return [_line(about), *block, b"\n"]


def _read_record(about: dict[str, object], block: Sequence[Piece]) -> Record:
    exact = about.get("exact")
    return Record(str(about.get("at", "")), str(about.get("key", "")), str(exact) if exact else None, block)


def _line(value: dict[str, object]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, object]:
    """A line of JSON; empty if it is torn."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _forget_after_fork() -> None:
    for journal in list(_OPEN):
        journal.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
