"""A migration in a process of its own, to be killed: URL, directory, number of questions, targets."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from ev_asking import Migration, questions, target

from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.registry import open_place


def main(url, place, count):
    store = open_place(place)[0] if place.startswith("sqlite:") else DirectoryStore(place)
    candidate = target(SimpleNamespace(url=url))
    Migration(store, candidate, concurrency=4)(questions(int(count)), lambda outcome: print("+", flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
