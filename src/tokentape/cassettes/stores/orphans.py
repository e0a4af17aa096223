"""Journals whose process died: found by their name, known to be orphans because their lock can be taken."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.cassettes.stores.files import remove
from tokentape.cassettes.stores.journal import open_here, read_journal
from tokentape.cassettes.stores.lock import is_at, take
from tokentape.cassettes.stores.merge import Contents
from tokentape.cassettes.stores.saving import usable

if TYPE_CHECKING:
    from collections.abc import Iterator

JOURNAL = re.compile(r"(?P<name>.+)\.\d+-[0-9a-f]{8}\.journal", re.DOTALL)


class Orphan:
    """A journal nobody writes to any more, locked by us until it is closed."""

    __slots__ = ("_descriptor", "contents", "path")

    def __init__(self, path: str, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor
        self.contents = Contents([])

    def close(self) -> None:
        """Let go of it; it stays where it is."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """It was taken in. Closed first, for Windows; nobody else adopts while we hold that lock."""
        self.close()
        remove(self.path)


def journals_of(stem: str) -> list[str]:
    """The paths of every journal of the cassette `stem` (a path without ending), living processes' too."""
    folder, name = os.path.split(stem)
    try:
        beside = os.listdir(folder or ".")
    except OSError:
        return []
    found = ((entry, JOURNAL.fullmatch(entry)) for entry in beside if entry.endswith(".journal"))
    return [os.path.join(folder, entry) for entry, match in found if match and match["name"] == name]


@contextmanager
def orphans(stem: str, *, but: str | None = None) -> Iterator[list[Orphan]]:
    """Hold the locks of all orphaned journals of a cassette, except the one at `but`, for a block.

    To be used under the cassette's lock. Raises `OSError` if a journal cannot be read.
    """
    held: list[Orphan] = []
    try:
        for path in sorted(set(journals_of(stem)) - open_here() - {but}):
            if orphan := _locked(path):
                held.append(orphan)
                orphan.contents = read_journal(path)
        yield held
    finally:
        for orphan in held:
            orphan.close()


def said(dead: list[Orphan], *, replaced: bool) -> list[str]:
    """What of these journals does not reach the cassette, in words."""
    left = []
    for contents in (orphan.contents for orphan in dead):
        if not usable(contents, replaced=replaced):
            left.append(
                f"{len(contents.records)} calls of a re-recording (mode 'all') that did not come to its end "
                "were dropped; the cassette it was to replace stays"
            )
        elif contents.torn:
            left.append("the call that was being written when its process died is lost")
    return left


def _locked(path: str) -> Orphan | None:
    """The open and locked journal, or None if its process lives or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    if take(descriptor) and is_at(descriptor, path):
        return Orphan(path, descriptor)
    os.close(descriptor)
    return None
