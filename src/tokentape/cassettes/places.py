"""From what a person types to cassettes: a file, a folder of them, or a name in a store."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tokentape.cassettes.stores.directory import ENDING, DirectoryStore
from tokentape.cassettes.stores.registry import has_scheme, open_place, open_store
from tokentape.errors import CassetteNotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cassettes.cassette import Cassette
    from tokentape.cassettes.stores.base import Store

_OURS = re.compile(rb'"(?:tokentape|interactions)"\s*:')
_REPORT = re.compile(rb'\s*\{\s*"tokentape_report"')
"""How a report begins, which names our version, too, and may well be kept beside what it is about."""


def cassettes(place: str) -> Iterator[tuple[Store, str]]:
    """Every cassette at `place`; in a folder, JSON files that are none are passed over.

    Raises `UsageError` for a bad place, also for a folder or store without cassettes.
    """
    if not os.path.isdir(place):
        yield from _in_store(place) if is_many(place) else [open_store(place)]
        return
    folder = DirectoryStore(place)
    names = [name for name in folder.names() if _is_ours(folder.describe(name))]
    if not names:
        raise UsageError(f"{place}: no cassettes in this folder or below it; name another one")
    yield from ((folder, name) for name in names)


def is_many(place: str) -> bool:
    """True for a folder, and for a store without a name in it (`sqlite:tapes.db`)."""
    return os.path.isdir(place) or (has_scheme(place) and "#" not in place)


def _in_store(place: str) -> Iterator[tuple[Store, str]]:
    store, _ = open_place(place)
    names = store.names()
    if not names:
        raise UsageError(f"{place}: no cassettes in this store; name another one")
    yield from ((store, name) for name in names)


def only(place: str) -> tuple[Store, str]:
    """The one cassette at `place`. Raises `UsageError` for a folder or a whole store."""
    if os.path.isdir(place):
        raise UsageError(f"{place} is a folder: name one cassette; see: tokentape ls {place}")
    if is_many(place):
        raise UsageError(f"{place} holds many cassettes: add '#NAME' for one; see: tokentape ls {place}")
    return open_store(place)


def load(store: Store, name: str) -> Cassette:
    """The cassette. Raises `CassetteNotFound`, and what a broken one raises."""
    cassette = store.load(name)
    if cassette is None:
        raise CassetteNotFound(store.describe(name), "there is no such cassette", fix="see: tokentape ls")
    return cassette


def _is_ours(path: str) -> bool:
    """Whether a file looks like a cassette, also a broken one; a journal without its file is one."""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
            return _OURS.search(start) is not None and _REPORT.match(start) is None
    except FileNotFoundError:
        return path.endswith(ENDING)
    except OSError:
        return True
