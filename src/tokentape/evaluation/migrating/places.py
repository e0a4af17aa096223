"""Where the answers to a corpus are kept: beside it, in SQLite, unless somebody says otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tokentape.cassettes.stores.directory import ENDING, DirectoryStore
from tokentape.cassettes.stores.registry import has_scheme, open_place
from tokentape.errors import CassetteError, UsageError
from tokentape.evaluation.asking.answers import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cassettes.stores.base import Store


def answers_place(corpus: str) -> str:
    """The place for the answers to a corpus at `corpus`: its own store, else a file beside it
    (`tapes/` and `tapes.json`: `sqlite:tapes.answers.db`).
    """
    if has_scheme(corpus):
        return corpus.partition("#")[0]
    beside = os.path.normpath(corpus).removesuffix(ENDING)
    if beside == os.curdir or beside.endswith(os.pardir):
        beside = os.path.abspath(beside)
    return f"sqlite:{beside}.answers.db"


def answers_store(place: str) -> Store:
    """The store at `place`: an address without a name in it, or a folder. Raises `UsageError`."""
    if not has_scheme(place):
        if place.endswith(ENDING) or os.path.isfile(place):
            raise UsageError(f"--answers {place}: name a folder, or a store such as sqlite:answers.db")
        return DirectoryStore(place)
    store, name = open_place(place)
    if name is not None:
        raise UsageError(f"--answers {place}: leave out '#{name}': each target has a cassette of its own")
    return store


def targets_in(store: Store) -> Iterator[str]:
    """The targets (`upstream/model`) whose answers are kept there, by name."""
    for name in sorted(store.names()):
        if not name.startswith(f"{ANSWERS}/"):
            continue
        try:
            cassette = store.load(name)
            if cassette is None or not cassette.entries:
                continue
            found = cassette.interaction(0).metadata.get("target")
        except CassetteError:
            continue
        if isinstance(found, str):
            yield found
