"""From what a person types to cassettes: a file, a folder of them, or a name in a store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.registry import open_store
from tokentape.errors import CassetteNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cassettes.cassette import Cassette
    from tokentape.cassettes.stores.base import Store


def cassettes(place: str) -> Iterator[tuple[Store, str]]:
    """Every cassette at `place`. Raises `CassetteNotFound` if there is none, `UsageError` for a bad place."""
    if os.path.isdir(place):
        folder = DirectoryStore(place)
        yield from ((folder, name) for name in folder.names())
        return
    yield open_store(place)


def load(store: Store, name: str) -> Cassette:
    """The cassette. Raises `CassetteNotFound`, and what a broken one raises."""
    cassette = store.load(name)
    if cassette is None:
        raise CassetteNotFound(store.describe(name), "there is no such cassette", fix="see: tokentape ls")
    return cassette
