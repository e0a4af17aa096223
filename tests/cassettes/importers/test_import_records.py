"""Records of files of any layout and size: broken places are told, what follows is read, memory is bounded."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.cassettes.importers import scanner
from tokentape.cassettes.importers.notes import Notes, Place
from tokentape.cassettes.importers.records import records
from tokentape.cassettes.importers.scanner import Scanner, Value
from tokentape.errors import CassetteError

OBJECTS = [{"a": 1}, {"b": ['x "]} y', {"data": [{"no": 1}]}]}, {"c": "ü\n"}]
LAYOUTS = {
    "lines": "\n".join(map(json.dumps, OBJECTS)),
    "lines, with blank ones": "\n\n" + "\r\n\r\n".join(map(json.dumps, OBJECTS)) + "\n",
    "a list on one line": json.dumps(OBJECTS),
    "a list on many": json.dumps(OBJECTS, indent=2),
    "one after the other": "\n".join(json.dumps(one, indent=4) for one in OBJECTS),
    "a page": json.dumps({"data": OBJECTS, "meta": {"page": 1}}),
    "a page on many lines": json.dumps({"object": "list", "data": OBJECTS, "meta": {"x": [{}]}}, indent=2),
    "an entry a line": "[\n" + ",\n".join(map(json.dumps, OBJECTS)) + "\n]",
    "an entry a line, in a page": '{"data": [\n' + ",\n".join(map(json.dumps, OBJECTS)) + "\n]}",
    "with a mark before": "\ufeff" + "\n".join(map(json.dumps, OBJECTS)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(tmp_path, layout):
    path, notes = tmp_path / "x.json", Notes()
    path.write_text(LAYOUTS[layout], encoding="utf-8")
    assert [value.json for value in records(str(path), notes)] == OBJECTS
    assert not notes.broken


def test_packed_files(tmp_path):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(LAYOUTS["lines"].encode()))
    assert [value.json for value in records(str(path), Notes())] == OBJECTS
    path.write_bytes(gzip.compress(LAYOUTS["lines"].encode())[:30])
    notes = Notes()
    list(records(str(path), notes))
    assert "the packed file breaks off" in notes.broken[0].problem
    with pytest.raises(CassetteError, match="no-such"):
        list(records(str(tmp_path / "no-such.jsonl"), Notes()))


def test_a_file_is_packed_if_it_begins_so_whatever_its_name(tmp_path):
    packed, plain = tmp_path / "x.jsonl", tmp_path / "y.jsonl.gz"
    packed.write_bytes(gzip.compress(LAYOUTS["lines"].encode()))
    plain.write_text(LAYOUTS["lines"], encoding="utf-8")
    for path in (packed, plain):
        assert [value.json for value in records(str(path), Notes())] == OBJECTS


@pytest.mark.parametrize("layout", ["lines", "a list on many"])
def test_utf_16(tmp_path, layout):
    text = LAYOUTS[layout].replace("\\u00fc", "\u2028ü")
    for packed in (bytes, gzip.compress):
        path, notes = tmp_path / "x.json", Notes()
        path.write_bytes(packed(text.encode("utf-16")))
        assert [value.json for value in records(str(path), notes)] == [*OBJECTS[:2], {"c": "\u2028ü\n"}]
        assert not notes.broken
    path.write_bytes(LAYOUTS["lines"].encode("utf-16")[:-3])
    assert [value.json for value in records(str(path), notes)] == OBJECTS[:2]
    assert [place.line for place in notes.broken] == [3]


def test_a_broken_line_is_told_and_the_others_are_read(tmp_path):
    path, notes = tmp_path / "x.jsonl", Notes()
    path.write_bytes(b'{"a": \n{"b": 1}\n[[[\n\xff\xfe{}\n{"c": 2}\n{"d"')
    assert [(value.line, value.json) for value in records(str(path), notes)] == [(2, {"b": 1}), (5, {"c": 2})]
    assert [place.line for place in notes.broken] == [1, 3, 4, 6]
    assert all("not JSON" in place.problem for place in notes.broken)


def test_a_document_that_ends_early(tmp_path):
    path, notes = tmp_path / "x.json", Notes()
    path.write_text(json.dumps(OBJECTS, indent=2)[:-20])
    assert [value.json for value in records(str(path), notes)] == OBJECTS[:2]
    assert notes.broken[0].problem == "the file ends in the middle of a value"


def test_only_so_many_broken_lines_are_told_one_by_one(tmp_path):
    path, notes = tmp_path / "x.jsonl", Notes()
    path.write_text('{"a": 1}\n' + "{\n" * 500)
    assert len(list(records(str(path), notes))) == 1
    assert (len(notes.broken), notes.broken_count) == (20, 500)


def test_values_that_are_too_long_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(scanner, "LONGEST", 1000)
    monkeypatch.setattr("tokentape.cassettes.importers.records.LONGEST", 1000)
    path, notes = tmp_path / "x.jsonl", Notes()
    path.write_text('{"a": 1}\n{"b": "' + "x" * 3000 + '"}\n{"c": 2}\n')
    assert [value.json for value in records(str(path), notes)] == [{"a": 1}, {"c": 2}]
    assert [place.line for place in notes.broken] == [2]
    path.write_text('[\n{"a":\n 1},\n{"b": "' + "x" * 900_000 + '"}\n]')
    assert [value.json for value in records(str(path), Notes())] == [{"a": 1}]


def test_reading_a_long_document_takes_no_more_memory_than_a_short_one(tmp_path):
    path = tmp_path / "x.json"
    entry = json.dumps({"text": "x" * 1000, "more": [{"a": 1}] * 10})
    with path.open("w") as file:
        file.write('{"data": [\n' + ",\n".join([entry] * 8_000) + "\n]}")
    tracemalloc.start()
    assert sum(1 for _ in records(str(path), Notes())) == 8_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 << 20 < path.stat().st_size


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(), st.recursive(st.text() | st.integers(), st.lists))), st.booleans())
def test_whatever_is_in_a_list_comes_out_of_it(entries, is_page):
    document = {"meta": 1, "data": entries, "z": {"data": [1]}} if is_page else entries
    found = list(
        Scanner(io.BytesIO(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))).values()
    )
    expected = json.loads(json.dumps(entries, ensure_ascii=False).encode("utf-8", "replace"))
    assert [value.json for value in found] == expected


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\ a1\n', max_size=200).map(str.encode))
def test_no_bytes_raise(data):
    for found in Scanner(io.BytesIO(data)).values():
        assert isinstance(found, Value | Place)
