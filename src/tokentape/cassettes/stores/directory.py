"""Cassettes as files in a directory: `NAME.json`, and `NAME.<pid>-<random>.journal` while recording."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.cassettes.cassette import Cassette
from tokentape.cassettes.format.index import scan
from tokentape.cassettes.stores.files import check_writable, explained, read, remove, write
from tokentape.cassettes.stores.journal import FileJournal
from tokentape.cassettes.stores.lock import locked
from tokentape.cassettes.stores.merge import Contents
from tokentape.cassettes.stores.names import safe_path
from tokentape.cassettes.stores.orphans import JOURNAL, journals_of, orphans, said
from tokentape.cassettes.stores.saving import Change, adopted, annotated, to_write
from tokentape.errors import CassetteError, TokentapeWarning, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from os import PathLike

    from tokentape.cassettes.format.index import Entry
    from tokentape.cassettes.format.layout import Piece
    from tokentape.cassettes.format.metadata import Note
    from tokentape.cassettes.stores.base import Journal
    from tokentape.cassettes.stores.merge import Which
    from tokentape.cassettes.stores.orphans import Orphan

ENDING = ".json"


class DirectoryStore:
    """A store whose cassettes are the `.json` files under `root`, which need not exist yet."""

    def __init__(self, root: str | PathLike[str]) -> None:
        self.root = os.fspath(root)
        self._root = os.path.abspath(self.root)  # the program may change its directory while it records
        self._loaded: dict[str, Sequence[Entry]] = {}

    def __repr__(self) -> str:
        return f"DirectoryStore({self.root!r})"

    def load(self, name: str) -> Cassette | None:
        """The cassette, with what dead processes left behind; None if there is neither."""
        data = self._read(name)
        if data is None:
            return None
        cassette = Cassette(self.describe(name), data)
        self._loaded[name] = cassette.entries
        return cassette

    def blocks(self, name: str) -> Iterator[tuple[Entry, bytes]]:
        """Each interaction as text; the file is in memory meanwhile. See `OneByOne.blocks`."""
        data = self._read(name)
        if data is not None:
            index = scan(data, self.describe(name))
            for entry in index.entries:
                yield entry, index.data[entry.start : entry.end]

    def annotate(self, name: str, notes: Mapping[Which, Note]) -> int:
        """Write notes into the file; see `OneByOne.annotate`."""
        path = self._path(name)
        with self._saving(path):
            data = read(path)
            new, changed = ([], 0) if data is None else annotated(data, self.describe(name), notes)
            if changed:
                write(path, new)
        return changed

    def journal(self, name: str, *, rules: str = "", replaces: bool = False) -> FileJournal:
        """A journal beside the cassette. Raises `CassetteError` at once if nothing can be written there."""
        path = self._path(name)
        check_writable(path)
        return FileJournal(_stem(path), rules=rules, replaces=replaces)

    def commit(
        self,
        name: str,
        journal: Journal | None,
        *,
        finished: bool,
        rules: str,
        drop: Collection[str] = (),
        replace: bool = False,
    ) -> None:
        """Merge, save, and drop the journal; see `Store.commit`."""
        if journal is not None and not isinstance(journal, FileJournal):
            raise UsageError(f"{self!r} cannot save a {type(journal).__name__}: pass what its journal() gave")
        path, shown = self._path(name), self.describe(name)
        change = Change(finished, rules, drop, replace, self._loaded.get(name))
        with _settled(journal), self._saving(path, but=journal.path if journal else None) as dead:
            own = journal.read() if journal else Contents([])
            old = read(path)
            new = to_write(old, shown, own, [orphan.contents for orphan in dead], change)
            left = said(dead, replaced=old is None or replace)
            _finish(path, new, dead)
        _warn(shown, left)

    def names(self) -> list[str]:
        """Every cassette below the root, those in directories as `a/b`; hidden directories are left out."""
        found = set()
        for folder, inner, files in os.walk(self._root):
            inner[:] = [name for name in inner if not name.startswith(".")]
            prefix = os.path.relpath(folder, self._root).replace(os.sep, "/")
            named = {name for file in files if (name := _cassette_of(file))}
            found |= named if prefix == "." else {f"{prefix}/{name}" for name in named}
        return sorted(found)

    def delete(self, name: str) -> None:
        """Remove the file and what dead processes left beside it."""
        path = self._path(name)
        if read(path) is None and not journals_of(_stem(path)):
            return
        with self._saving(path) as dead:
            remove(path)
            for orphan in dead:
                orphan.remove()

    def describe(self, name: str) -> str:
        """The path of the file, below the root as it was given."""
        return os.path.normpath(os.path.join(self.root, os.path.relpath(self._path(name), self._root)))

    def _read(self, name: str) -> bytes | None:
        """The file, what dead processes left taken in first."""
        path = self._path(name)
        if journals_of(_stem(path)):
            self._adopt(path, self.describe(name))
        return read(path)

    def _path(self, name: str) -> str:
        """The file of `name`: one that is there already as it is, else under a safe name."""
        parts = name.split("/")
        if all(_stays_below(part) for part in parts):
            literal = os.path.join(self._root, *parts) + ENDING
            if os.path.lexists(literal):
                return literal
        return os.path.join(self._root, *safe_path(name).split("/")) + ENDING

    @contextmanager
    def _saving(self, path: str, *, but: str | None = None) -> Iterator[list[Orphan]]:
        """Hold the cassette's lock, and the journals of dead processes, for a block that writes."""
        with explained(path, "the cassette could not be saved"):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with locked(_stem(path) + ".lock"), orphans(_stem(path), but=but) as dead:
                yield dead

    def _adopt(self, path: str, shown: str) -> None:
        """Take in what dead processes recorded. Where nothing can be written, it waits, and this is said."""
        try:
            with self._saving(path) as dead:
                old = read(path)
                new = adopted(old, shown, [orphan.contents for orphan in dead])
                left = said(dead, replaced=old is None)
                _finish(path, new, dead)
        except CassetteError as error:
            if not isinstance(error.__cause__, OSError):
                raise
            left = [f"what a process recorded before it died cannot be taken in: {error}"]
        _warn(shown, left)


@contextmanager
def _settled(journal: FileJournal | None) -> Iterator[None]:
    """Discard the journal after a block that saved it; after one that failed leave it to the next opening."""
    if journal is None:
        yield
        return
    with journal.lock:
        try:
            yield
            journal.discard()
        except BaseException:
            journal.release()
            raise


def _finish(path: str, new: Sequence[Piece] | None, dead: list[Orphan]) -> None:
    """Write first, remove journals then: after a death in between the next adoption finds nothing new."""
    if new is not None:
        write(path, new)
    for orphan in dead:
        orphan.remove()


def _warn(shown: str, troubles: list[str]) -> None:
    """After the fact and outside all locks: where warnings are errors, the cassette is right even so."""
    for trouble in troubles:
        warnings.warn(f"{shown}: {trouble}", TokentapeWarning, stacklevel=4)


def _stays_below(part: str) -> bool:
    return part not in {"", ".", ".."} and not any(sign in part for sign in ("\0", os.sep, os.altsep or "\0"))


def _cassette_of(file: str) -> str | None:
    """The name of the cassette that a file belongs to; None if it is none of ours."""
    if file.startswith("."):
        return None
    if file.endswith(ENDING):
        return file.removesuffix(ENDING)
    journal = JOURNAL.fullmatch(file)
    return journal["name"] if journal else None


def _stem(path: str) -> str:
    return path.removesuffix(ENDING)
