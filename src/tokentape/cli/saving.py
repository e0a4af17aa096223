"""Replacing a cassette by interactions that are all there: all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.cassettes.stores.base import Store
    from tokentape.wire.interaction import Interaction


def save(store: Store, name: str, interactions: Iterable[Interaction], *, finished: bool, rules: str) -> None:
    """Save. On failure the old cassette stays, and no journal that a later opening would take in.

    Raises what the store raises.
    """
    journal = store.journal(name, rules=rules, replaces=True)
    try:
        for interaction in interactions:
            journal.append(interaction)
        store.commit(name, journal, finished=finished, rules=rules, replace=True)
    except BaseException:
        journal.discard()
        raise
