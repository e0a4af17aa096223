"""Traces on disk: whole or not there, for their owner alone, bounded, and readable after a crash."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import stat
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from gw_processes import killed, writing

from tokentape.gateway.trace.files import Files, days
from tokentape.gateway.trace.names import INDEX, safe_id
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.trace.reading import find, load, paths, recent
from tokentape.gateway.trace.traces import Traces

AT = 1_763_720_000.25
DAY = "2025-11-21"
FOREVER = 1e12
HOSTILE = [
    "../../escape",
    "/etc/passwd",
    "a/b",
    "..",
    ".",
    "",
    "x" * 500,
    "nul\0",
    "ü\ud800",
    "con.json",
    "-rf",
    "a b\n",
]


def options(directory, **more):
    return TraceOptions(directory=str(directory), share=1.0, **{"max_age": FOREVER, **more})


@pytest.fixture
def place(tmp_path):
    return tmp_path / "traces"


def write(place, *ids, at=AT, **more):
    """Traces with these ids, written and closed."""
    traces = Traces(options(place, **more))
    for number, id in enumerate(ids):
        trace = traces.begin(id, at + number)
        trace.form("client_request", b'{"n":%d}' % number, headers=(("content-type", "application/json"),))
        trace.finish(200, model="m")
    assert traces.flush()
    traces.close()
    return traces


def everything(place):
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def test_a_file_for_each_by_day_with_an_index(place):
    write(place, "one", "two")
    first, one, two, index = everything(place)
    assert (first, index) == (".gitignore", os.path.join(DAY, "index.jsonl"))
    assert re.fullmatch(r"101320250-one\.[0-9a-f]{6}\.json", os.path.basename(one))
    assert re.fullmatch(r"101321250-two\.[0-9a-f]{6}\.json", os.path.basename(two))
    assert [line["id"] for line in recent(str(place), 10).lines] == ["two", "one"]
    assert recent(str(place), 1).lines[0]["model"] == "m"
    assert load(next(paths(str(place), "one")))["forms"][0]["name"] == "client_request"


@pytest.mark.skipif(sys.platform == "win32", reason="no such access rights")
def test_only_the_owner_may_read(place):
    write(place, "one")
    folders = [place, place / DAY]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    files = [path for path in (place / DAY).iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize("id", HOSTILE, ids=range(len(HOSTILE)))
def test_no_id_leaves_the_folder(tmp_path, id):
    place = tmp_path / "deep" / "traces"
    traces = write(place, id)
    names = everything(tmp_path)
    assert len(names) == 3
    assert all(name.startswith(f"deep{os.sep}traces{os.sep}") for name in names)
    assert traces.get(id)["id"] == id if "\ud800" not in id else True
    assert len(safe_id(id)) <= 64
    assert find(str(place), "somebody else") is None


def test_ids_that_differ_have_names_that_differ():
    assert len({safe_id(id) for id in HOSTILE}) == len(HOSTILE)
    assert safe_id("a/b") != safe_id("a_b")


def test_equal_ids_at_the_same_moment_do_not_replace_each_other(place):
    write(place, "other")
    traces = Traces(options(place))
    for _ in range(2):
        traces.begin("same", AT).finish(200)
    assert traces.flush()
    traces.close()
    write(place, "same")
    names = [name for name in everything(place) if "same" in name]
    assert len(names) == 3
    assert [line["id"] for line in recent(str(place), 10).lines].count("same") == 3


def test_one_id_that_begins_as_another_is_another(place):
    """systems.md: "prefix collisions"."""
    write(place, "id7", "id77")
    assert find(str(place), "id7")["id"] == "id7"
    assert find(str(place), "id77")["id"] == "id77"
    assert find(str(place), "id") is None
    assert len(list(paths(str(place), "id7"))) == 2


def test_a_torn_file_is_told_and_passed_over(place):
    write(place, "one", "two")
    torn = next(paths(str(place), "two"))
    with open(torn, "r+b") as file:
        file.truncate(40)
    (place / DAY / "101322000-three.json").write_bytes(b'{"tokentape_trace": 1, "id"')
    assert find(str(place), "two") is None
    listing = recent(str(place), 10)
    assert {line["id"] for line in listing.lines} == {"one", "two"}
    assert [reason.partition(":")[0].rpartition("-")[2] for reason in listing.passed_over] == ["three.json"]


def test_what_the_index_misses_is_looked_into(place):
    write(place, "one", "two")
    index = place / DAY / INDEX
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(lines[0] + lines[1][:9])
    listing = recent(str(place), 10)
    assert [line["id"] for line in listing.lines] == ["two", "one"]
    assert len(listing.passed_over) == 1
    assert "line 2: torn" in listing.passed_over[0]


def test_there_may_be_nothing(place):
    assert (recent(str(place), 10).lines, list(paths(str(place)))) == ([], [])


# Retention


def test_old_ones_go_by_age(place):
    write(place, "old", at=AT - 90_000)
    write(place, "new")
    old = next(paths(str(place), "old"))
    os.utime(old, (AT - 90_000, AT - 90_000))
    new = next(paths(str(place), "new"))
    os.utime(new, (AT, AT))
    (place / "2025-11-20" / "notes.txt").touch()
    Files(str(place), 1 << 30, 3_600.0).tidy(AT + 60)
    assert not os.path.exists(old)
    assert os.path.exists(new)
    assert [line["id"] for line in recent(str(place), 9).lines] == ["new"]


def test_a_day_of_which_nothing_is_left_goes(place):
    write(place, "old", at=AT - 90_000)
    write(place, "new")
    old = next(paths(str(place), "old"))
    os.utime(old, (1.0, 1.0))
    Files(str(place), 1 << 30, time.time() - 100).tidy(time.time())
    assert days(str(place)) == [DAY]


def test_the_oldest_go_by_size(place):
    ids = [f"id{number:02}" for number in range(30)]
    write(place, *ids)
    for number, id in enumerate(ids):
        os.utime(next(paths(str(place), id)), (AT + number, AT + number))
    size = os.path.getsize(next(paths(str(place), "id00")))
    Files(str(place), size * 20, FOREVER).tidy(AT)
    left = [line["id"] for line in recent(str(place), 99).lines]
    assert left == ids[::-1][: len(left)]
    assert 0 < len(left) < 20
    assert sum(path.stat().st_size for path in place.rglob("*.json*")) <= size * 20


def test_the_writer_keeps_within_the_bound_by_itself(place):
    write(place, *(f"id{number}" for number in range(200)), max_bytes=20_000)
    assert sum(path.stat().st_size for path in place.rglob("*.json")) <= 20_000
    assert recent(str(place), 1).lines[0]["id"] == "id199"


def test_what_a_writer_left_who_died_goes_after_an_hour(place):
    write(place, "one")
    left = place / DAY / ".aa.tmp"
    left.touch()
    os.utime(left, (AT, AT))
    Files(str(place), 1 << 30, FOREVER).tidy(AT + 60)
    assert left.exists()
    Files(str(place), 1 << 30, FOREVER).tidy(AT + 7_200)
    assert not left.exists()


# What must not break a call


def test_a_disk_that_refuses_is_told_once_and_costs_nothing_else(place, caplog):
    place.write_text("a file, where the folder should be")
    with caplog.at_level(logging.WARNING, "tokentape"):
        traces = write(place, *(f"id{number}" for number in range(20)))
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["traces"]
    assert traces.get("id19")["id"] == "id19"


@contextmanager
def busy(traces):
    """The writer has its hands full with one trace, named `busy`."""
    begun, gate = threading.Event(), threading.Event()

    def hold():
        begun.set()
        gate.wait(30)

    trace = traces.begin("busy", AT)
    trace.form("canonical_request", hold)
    trace.finish(200)
    assert begun.wait(30)
    try:
        yield
    finally:
        gate.set()


def test_where_too_many_wait_the_oldest_go_and_it_is_told(place):
    traces = Traces(options(place, max_waiting=5))
    with busy(traces):
        for number in range(50):
            traces.begin(f"id{number}", AT + number).finish(200)
        assert traces.dropped == 45
    assert traces.flush()
    traces.close()
    kept = recent(str(place), 99).lines
    assert [line["id"] for line in kept] == ["id49", "id48", "id47", "id46", "id45", "busy"]
    notes = [note for line in kept for note in find(str(place), line["id"])["notes"]]
    assert [note["traces"] for note in notes if note["note"] == "trace_dropped"] == [45]


def test_bytes_that_wait_are_bounded_too(place):
    traces = Traces(options(place, max_waiting_bytes=100_000))
    with busy(traces):
        for number in range(50):
            trace = traces.begin(f"id{number}", AT)
            trace.form("client_request", b"x" * 30_000)
            trace.finish(200)
        assert traces.dropped == 47
    traces.close()


def test_a_trace_that_waits_can_be_looked_at(place):
    traces = Traces(options(place))
    with busy(traces):
        traces.begin("second", AT).finish(201)
        assert traces.get("second")["status"] == 201
    traces.close()


def test_after_the_end_nothing_is_taken_and_nothing_breaks(place):
    traces = write(place, "one")
    late = traces.begin("late", AT)
    late.finish(200)
    assert traces.dropped == 1
    traces.close()


def test_old_traces_are_found_on_disk(place):
    ids = [f"id{number}" for number in range(10)]
    traces = write(place, *ids, in_memory=2)
    assert traces.get("id0")["id"] == "id0"
    assert Traces(options(place)).get("id3")["id"] == "id3"


def test_a_trace_on_disk_takes_no_memory(place):
    traces = write(place, "id0")
    assert traces.get("id0")["id"] == "id0"
    shutil.rmtree(place)
    assert traces.get("id0") is None
    assert [line["id"] for line in traces.recent()] == ["id0"]


def test_a_trace_that_the_disk_refuses_stays_in_memory(tmp_path, caplog):
    (tmp_path / "traces").write_text("a file in its place")
    traces = write(tmp_path / "traces", "id0", "id1")
    assert traces.get("id0")["id"] == "id0"
    assert len(caplog.records) == 1


# Several processes, and a crash

WRITER = """
import sys, time
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.trace.traces import Traces
place, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
traces = Traces(TraceOptions(directory=place, share=1.0, max_waiting=10_000))
number = 0
while number < count or not count:
    trace = traces.begin(f"{name}-{number}", time.time())
    trace.form("client_request", b"x" * 5_000)
    trace.finish(200)
    number += 1
    if number % 10 == 0:
        traces.flush()
        print(number, flush=True)
traces.close()
"""


def test_several_processes_write_into_one_folder(place):
    with writing(WRITER, *((place, name, 60) for name in "abc")) as running:
        for process in running:
            process.communicate(timeout=60)
            assert process.returncode == 0
    listing = recent(str(place), 1_000)
    assert len({line["id"] for line in listing.lines}) == 180
    assert listing.passed_over == []


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_kill_9_leaves_what_was_written(place):
    with writing(WRITER, (place, "k", 0)) as (process,):
        told = killed(process, 50)
    listing = recent(str(place), 100_000)
    ids = {line["id"] for line in listing.lines}
    assert {f"k-{number}" for number in range(told)} <= ids
    assert all(find(str(place), id)["forms"][0]["bytes"] == 5_000 for id in sorted(ids)[:20])
    json.dumps(listing.lines)
