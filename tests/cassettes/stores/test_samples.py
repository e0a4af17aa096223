"""The real samples through import, journal, commit and load: what comes back is what was read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tokentape.cassettes.importers.vcr import read_vcr
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.testing.contracts.store import RULES

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.yaml"))


@pytest.mark.parametrize("kind", ["memory", "directory"])
def test_all_samples_in_one_cassette_come_back_in_order(tmp_path, kind):
    store = MemoryStore() if kind == "memory" else DirectoryStore(tmp_path)
    journal = store.journal("all", rules=RULES)
    recorded = [interaction for path in SAMPLES for interaction in read_vcr(path).interactions]
    for interaction in recorded:
        journal.append(interaction)
    store.commit("all", journal, finished=True, rules=RULES)
    cassette = store.load("all")
    loaded = [cassette.interaction(number) for number in range(len(cassette.entries))]
    assert len(loaded) == 200
    for before, after in zip(recorded, loaded, strict=True):
        assert after.request == before.request
        assert replace(after.response, decoded=None) == before.response
        assert (after.ended, after.timing, after.origin) == (before.ended, before.timing, "vcrpy")
