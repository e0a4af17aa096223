"""Saving a long recording holds one call at a time, however much was recorded."""

from __future__ import annotations

import tracemalloc

import pytest

from tokentape.cassettes.stores.registry import open_place
from tokentape.cassettes.stores.sqlitecassette import SqliteCassette
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

COUNT, SIZE = 200, 100_000


def interaction(number):
    body = f"{number} ".encode() + b"x" * SIZE
    at = f"2026-11-21T09:00:00.{number:06d}Z"
    response = Response(200, body=body, chunks=(len(body),))
    return Interaction(
        "", Request("GET", "http://h/"), response, Ended(How.EOF), Timing(at), key=f"{number:016x}"
    )


@pytest.mark.parametrize("adopted", [False, True], ids=["saved", "left by a dead process"])
def test_saving_holds_no_more_than_a_few_calls(tmp_path, adopted):
    address = f"sqlite:{tmp_path / 'tapes.db'}"
    store = open_place(address)[0]
    journal = store.journal("long", rules="k1")
    for number in range(COUNT):
        journal.append(interaction(number))
    if adopted:
        journal.release()
        journal = None
        store = open_place(address)[0]
    tracemalloc.start()
    try:
        store.commit("long", journal, finished=True, rules="k1")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < COUNT * SIZE / 10
    cassette = store.load("long")
    assert [cassette.interaction(n).response.body[:4] for n in (0, COUNT - 1)] == [b"0 xx", b"199 "]


def test_who_asks_back_now_and_then_reads_each_call_about_once(tmp_path, monkeypatch):
    store = open_place(f"sqlite:{tmp_path / 'tapes.db'}")[0]
    journal = store.journal("long", rules="k1")
    for number in range(COUNT):
        journal.append(interaction(number))
    store.commit("long", journal, finished=True, rules="k1")
    read = []
    blocks = SqliteCassette._blocks

    def counted(self, *asked):
        for found in blocks(self, *asked):
            read.append(found[0])
            yield found

    monkeypatch.setattr(SqliteCassette, "_blocks", counted)
    cassette = store.load("long")
    back = range(0, COUNT, 10)
    order = [
        each for number in range(COUNT) for each in ((number, number // 2) if number in back else (number,))
    ]
    for number in order:
        assert cassette.interaction(number).response.body.startswith(f"{number} ".encode())
    assert len(read) <= COUNT + 2 * len(back)
    read.clear()
    assert cassette.edited() == []
    assert len(read) <= COUNT + 2 * len(back)
