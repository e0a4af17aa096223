"""A file is its own index; whatever else it may be is named, with the place and what to do."""

from __future__ import annotations

import json

import pytest
from format_calls import SSE, call, stream, with_id

from tokentape.cassettes.cassette import Cassette
from tokentape.cassettes.format import index
from tokentape.cassettes.format.index import scan
from tokentape.cassettes.format.layout import assemble, render
from tokentape.cassettes.format.upgrade import upgraded
from tokentape.errors import CassetteCorrupt, CassetteTooNew

CALLS = [
    call(id="a", key="k-a"),
    call(stream(), SSE, id='b "quoted" é', key="k-b", exact=None),
    call(None, id="c", key="k-c"),
]
WHOLE = assemble([render(each) for each in CALLS], rules="k1:9f3c", finished=True)
HINTS = [("a", "k-a", "ab41" * 4), ('b "quoted" é', "k-b", None), ("c", "k-c", "ab41" * 4)]


def _hints(data: bytes) -> list[tuple[str, str, str | None]]:
    return [(entry.id, entry.key, entry.exact) for entry in scan(data, "tape.json").entries]


def test_entries_are_found_without_parsing_any(monkeypatch):
    monkeypatch.setattr(index, "from_dict", None)
    found = scan(WHOLE, "tape.json")
    assert (found.rules, found.finished, found.data) == ("k1:9f3c", True, WHOLE)
    assert _hints(WHOLE) == HINTS
    assert {entry.at for entry in found.entries} == {"2026-11-21T09:30:00.000001Z"}
    blocks = [WHOLE[entry.start : entry.end].decode() for entry in found.entries]
    assert blocks == [render(each) for each in CALLS]


def test_an_empty_cassette_has_no_entries():
    data = assemble([], rules="k1:0", finished=False)
    assert scan(data, "").entries == []
    assert scan(data, "").finished is False


@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
def test_a_reformatted_file_is_read_in_full(indent):
    reformatted = json.dumps(json.loads(WHOLE), indent=indent).encode()
    assert _hints(reformatted) == HINTS
    cassette = Cassette("tape.json", reformatted)
    assert [cassette.interaction(number) for number in range(3)] == CALLS
    assert cassette.edited() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.rstrip(),
        lambda data: data + b"\n\n",
        lambda data: data.replace(b'"redacted": [],\n', b'"redacted": [],\n\n'),
        lambda data: data.replace(b'"id": "a", ', b'"id":"a",'),
    ],
)
def test_what_editors_do_to_a_file_makes_no_difference(change):
    assert _hints(change(WHOLE)) == HINTS


def test_a_reformatted_file_with_an_edited_request_loses_the_hints_of_that_one():
    document = json.loads(WHOLE)
    document["interactions"][0]["request"]["url"] = "https://api.openai.com/v1/other"
    document["interactions"][1]["check"] = ""
    del document["interactions"][2]["check"]
    assert _hints(json.dumps(document).encode()) == [
        ("a", "", None),
        ('b "quoted" é', "", None),
        ("c", "", None),
    ]


def test_a_reformatted_file_with_an_edited_reply_keeps_them():
    document = json.loads(WHOLE)
    document["interactions"][0]["response"]["status"] = 500
    assert _hints(json.dumps(document).encode()) == HINTS


def test_fields_of_a_later_version_are_kept():
    blocks = [render(CALLS[0])]
    data = assemble(blocks, rules="r", finished=True, unknown={"colour": "red"})
    assert scan(data, "").unknown == {"colour": "red"}
    assert scan(json.dumps(json.loads(data)).encode(), "").unknown == {"colour": "red"}


def test_a_file_cut_anywhere_is_refused():
    for end in range(len(WHOLE) - 1):
        if WHOLE[end:].strip() == b"":
            continue
        with pytest.raises(CassetteCorrupt) as wrong:
            scan(WHOLE[:end], "tape.json")
        assert wrong.value.fix
        if end > 40:
            assert "cut short in interaction" in str(wrong.value), WHOLE[max(0, end - 30) : end]
            assert "line " in wrong.value.place


def test_a_file_cut_and_glued_is_refused():
    start = WHOLE.index(b'"ended"')
    end = WHOLE.index(b'"request"', start)
    with pytest.raises(CassetteCorrupt):
        scan(WHOLE[:start] + WHOLE[end:], "tape.json")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b"hello", "line 1, column 1: not JSON: Expecting value"),
        (b'{"a": 1,\n "b": }', "line 2, column 7: not JSON"),
        (b"[1]", "not a tokentape cassette"),
        (b'{"interactions": [], "version": 1}', "not a tokentape cassette"),
        (b"interactions:\n- request: {}\nversion: 1\n", "not JSON"),
        (b"\xff\xfe{\x00", "line 1: not JSON: the text is not UTF-8"),
        (b'{"tokentape": "one", "interactions": []}', "'one' is no version of the format"),
        (b'{"tokentape": true, "interactions": []}', "True is no version of the format"),
        (b'{"tokentape": 0, "interactions": []}', "0 is no version of the format"),
        (b'{"tokentape": 1}', "field interactions is missing, not a list"),
        (b'{"tokentape": 1, "interactions": {}}', "field interactions is an object, not a list"),
        (b'{"tokentape": 1, "interactions": [1]}', "interaction 1: an interaction is an object with an id"),
        (b'{"tokentape": 1, "interactions": [{"id": 4}]}', "interaction 1: an interaction is an object with an id"),
        (b'{"tokentape": 1, "interactions": [{"id": "a"}]}', "interaction a: field request is missing"),
        (b'{"tokentape": 1, "rules": 5, "interactions": []}', "field rules is a number, not a text"),
        (b'{"tokentape": 1, "finished": "yes", "interactions": []}', "field finished is a text, not true"),
        (b'{"tokentape": 1, "interactions": [],\n"count": 3}', "line 2: count says 3, there are 0"),
        (b'{"tokentape": 1, "interactions": [], "count": true}', "count says true, there are 0"),
        (b'{"tokentape": 1, "rules": NaN, "interactions": []}', "not JSON: NaN is not JSON"),
        (b'{"tokentape": 1, "x": ' + b"[" * 100_000, "not JSON"),
        (WHOLE.replace(b'"count": 3', b'"count": 4'), "count says 4, there are 3"),
        (WHOLE.replace("é".encode(), b"\xe9"), "line 17: not JSON: the text is not UTF-8"),
        (b"<<<<<<< HEAD\n" + WHOLE, "line 1: conflict markers"),
        (WHOLE.replace(b'"kind"', b"<<<<<<< ours\n=======\n>>>>>>> theirs\n\"kind\"", 1), "line 4: conflict markers"),
        (WHOLE.replace(b'\n{"id": "c"', b'\n<<<<<<< ours\n{"id": "c"'), "conflict markers of a merge"),
    ],
)  # fmt: skip
def test_what_is_no_cassette_is_named(data, problem):
    with pytest.raises(CassetteCorrupt) as wrong:
        cassette = Cassette("tape.json", data)
        for number in range(len(cassette.entries)):
            cassette.interaction(number)
    assert problem in str(wrong.value)
    assert str(wrong.value).startswith("tape.json")
    assert wrong.value.fix


def test_two_interactions_with_one_id_are_refused_with_their_lines():
    blocks = [render(CALLS[0]), render(CALLS[2]), with_id(render(CALLS[2]), "a")]
    data = assemble(blocks, rules="", finished=True)
    second = data[: data.rindex(b'{"id": "a"')].count(b"\n") + 1
    with pytest.raises(CassetteCorrupt, match=rf"line 3, line {second}: 2 interactions have the id 'a'"):
        scan(data, "tape.json")
    with pytest.raises(CassetteCorrupt, match=r"tape\.json: 2 interactions have the id 'a'"):
        scan(json.dumps(json.loads(data)).encode(), "tape.json")


@pytest.mark.parametrize(
    "data", [WHOLE.replace(b'"tokentape": 1', b'"tokentape": 2'), b'{"tokentape": 37, in a new notation']
)
def test_a_later_version_is_refused_as_such(data):
    with pytest.raises(CassetteTooNew, match=r"this tokentape reads up to 1; use a newer tokentape"):
        scan(data, "tape.json")


def test_older_versions_are_converted_step_by_step():
    def convert_1_2(document):
        return {**document, "two": True}

    def convert_2_3(document):
        return {**document, "three": document["two"]}

    found = upgraded({"tokentape": 1}, "tape.json", steps={1: convert_1_2, 2: convert_2_3}, to=3)
    assert found == {"tokentape": 1, "two": True, "three": True}
    assert upgraded({"tokentape": 3}, "tape.json", steps={}, to=3) == {"tokentape": 3}
    with pytest.raises(CassetteTooNew):
        upgraded({"tokentape": 4}, "tape.json", steps={}, to=3)
