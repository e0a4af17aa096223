"""A block: readable, the same for the same interaction, and honest about what was edited."""

from __future__ import annotations

import json

import pytest
from format_calls import SSE, call, parse, stream, with_id
from hypothesis import given
from hypothesis import strategies as st

from tokentape.cassettes.format import sselines
from tokentape.cassettes.format.body import show
from tokentape.cassettes.format.checks import is_unedited
from tokentape.cassettes.format.escapes import HIDDEN
from tokentape.cassettes.format.layout import assemble, render
from tokentape.errors import CassetteCorrupt, TokentapeWarning
from tokentape.wire.interaction import Ended, Finding, How, Interaction, Timing, WireError
from tokentape.wire.message import Request, Response

TEXT = st.text(max_size=12)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
BODIES = (
    st.none()
    | st.binary(max_size=30)
    | st.sampled_from([stream(), b'{"a": [1, 2.50]}', b"event: x\ndata: {}\n\n"])
)


@st.composite
def interactions(draw) -> Interaction:
    body = draw(BODIES)
    response = Response(
        draw(st.integers(100, 599)),
        draw(TEXT),
        draw(PAIRS),
        body,
        (len(body),) if body else (),
        draw(PAIRS),
        "2",
    )
    error = draw(st.none() | st.builds(WireError, TEXT, TEXT))
    return Interaction(
        id=draw(TEXT),
        request=Request(draw(TEXT), draw(TEXT), draw(PAIRS), draw(BODIES)),
        response=draw(st.sampled_from([None, response])),
        ended=Ended(draw(st.sampled_from(How)), draw(st.none() | st.booleans()), error),
        timing=Timing("2026-01-01T00:00:00Z", draw(st.none() | st.integers(0, 9)), (1, 2)),
        key=draw(TEXT),
        exact=draw(st.none() | TEXT),
        metadata=draw(st.dictionaries(TEXT, TEXT | st.integers())),
        asks=draw(TEXT),
        reads_as=draw(TEXT),
        redacted=draw(st.lists(st.builds(Finding, TEXT, TEXT, st.integers(0, 9)), max_size=2).map(tuple)),
        unknown=draw(
            st.sampled_from([{}, {"later": [1]}, {"response": {"late": "r"}, "request": {"x": {}}}])
        ),
    )


@given(interactions())
def test_what_was_written_is_read(interaction):
    block = render(interaction)
    found = parse(block, "")
    unknown = {k: v for k, v in interaction.unknown.items() if k != "response" or interaction.response}
    assert found == type(found)(**{**_fields(interaction), "unknown": unknown})
    assert render(found) == block
    assert HIDDEN.search(block) is None
    assert block.startswith('{"id": "')
    assert not any(line.startswith('{"id": "') for line in block.split("\n")[1:])
    assert block.splitlines() == block.split("\n"), "no other line end is in it"


def _fields(interaction: Interaction) -> dict[str, object]:
    return {name: getattr(interaction, name) for name in Interaction.__slots__}


def test_a_block_is_laid_out_for_its_reader():
    body = 'event: delta\ndata: {"text":"Gr\u00fc\u00dfe \u202e"}\n\n: ping\n\ndata: {"n":1    }\n\n'.encode()
    interaction = call(body, SSE, protocol="openai.chat", asks="Capital of France?", reads_as="Paris.")
    lines = render(interaction).split("\n")
    assert lines[0].startswith(
        '{"id": "7c1e90ab", "key": "5c1e5c1e5c1e5c1e5c1e5c1e", "exact": "ab41ab41ab41ab41", "check": "'
    )
    assert lines[1:] == [
        '"kind": "http", "origin": "live", "protocol": "openai.chat", "metadata": {},',
        '"asks": "Capital of France?", "reads_as": "Paris.",',
        '"request": {"method": "POST", "url": "https://api.openai.com/v1/chat", "http": "1.1",',
        '  "headers": [["Content-Type", "application/json"]],',
        '  "body": {"json": {"model": "m", "messages": [{"role": "user", "content": "Capital of France?"}]}, "style": "spaced"}},',
        '"response": {"status": 200, "reason": "OK", "http": "1.1",',
        '  "headers": [["Content-Type", "text/event-stream"], ["X-Request-Id", "r1"]],',
        '  "trailers": [],',
        '  "body": {"sse": [',
        '    ["delta", {"text":"Grüße \\u202e"}],',
        '    ": ping\\n\\n",',
        '    [null, {"n":1}, [[-1, "    "]]]',
        '  ], "style": "compact"},',
        f'  "chunks": [{len(body)}]}},',
        '"ended": {"how": "eof", "terminal": null, "error": null},',
        '"redacted": [],',
        '"timing": {"at": "2026-11-21T09:30:00.000001Z", "head_ms": 12, "chunk_ms": [3]}}',
    ]  # fmt: skip


def test_long_text_is_shown_line_by_line_and_a_key_of_that_name_is_not_mistaken():
    text = "First line of a long prompt\nsecond line of it\n\nand the last one, after an empty line"
    body = json.dumps({"prompt": text, "$lines": ["real"], "$$lines": 1}).encode()
    block = render(call(body))
    assert '\n        "second line of it",\n        "",\n' in block
    assert '"$$lines": ["real"]' in block
    assert '"$$$lines": 1' in block
    assert parse(block, "").response.body == body


def test_the_timing_alone_moves_when_a_call_is_recorded_again():
    later = Timing("2027-01-01T00:00:00.000000Z", 99, (7,))
    one, other = render(call()).split("\n"), render(call(timing=later)).split("\n")
    assert one[:-1] == other[:-1]
    assert one[-1] != other[-1]


def test_an_id_is_replaced_and_nothing_else():
    block = render(call(id='quoted "id" \\'))
    renamed = with_id(block, 'new "\\1')
    assert parse(renamed, "").id == 'new "\\1'
    assert renamed.partition('", "key"')[2] == block.partition('", "key"')[2]


def test_an_edited_request_loses_its_hints():
    block = render(call())
    assert is_unedited(block.encode(), 0, len(block))
    edited = block.replace("Capital of France", "Capital of Italy")
    assert not is_unedited(edited.encode(), 0, len(edited))
    found = parse(edited, "")
    assert (found.key, found.exact) == ("", None)
    assert b"Italy" in found.request.body


def test_a_key_that_the_program_gave_survives_an_edit_of_the_request():
    found = parse(render(call(key="id:weather")).replace("France", "Italy"), "")
    assert (found.key, found.exact) == ("id:weather", None)


def test_an_edited_reply_keeps_the_hints():
    with pytest.warns(TokentapeWarning):
        found = parse(render(call(stream(), SSE)).replace("w1 ", "word one "), "")
    assert (found.key, found.exact) == ("5c1e" * 6, "ab41" * 4)


def test_a_block_written_by_hand_needs_few_fields():
    found = parse(
        '{"id": "a", "request": {"method": "GET", "url": "http://x"}, "response": {"status": 204}}', ""
    )
    assert found.response == Response(204)
    assert found.ended == Ended(How.EOF)
    assert found.key == ""


def test_an_edited_stream_is_served_event_by_event_with_its_own_length():
    headers = (*SSE, ("content-length", "999"))
    edited = render(call(stream(), headers)).replace('"w1 "', '"a much longer word "')
    with pytest.warns(
        TokentapeWarning, match=r"tape\.json, line 7, interaction 7c1e90ab: .*edited by hand"
    ) as said:
        response = parse(edited, "tape.json", lambda: 7).response
    assert len(said) == 1
    assert response.body == stream().replace(b"w1 ", b"a much longer word ")
    assert [piece[:5] for piece in response.pieces()] == [b"data:"] * 4
    assert response.header("content-length") == str(len(response.body))


def test_an_edit_of_equal_length_keeps_the_chunks(recwarn):
    edited = render(call(stream(), SSE)).replace('"w1 "', '"W1!"')
    response = parse(edited, "").response
    assert response.body == stream().replace(b"w1 ", b"W1!")
    assert response.chunks == (len(response.body),)
    assert not recwarn.list


def test_chunks_that_nobody_wrote_are_made_without_a_word(recwarn):
    block = render(call(stream(), SSE))
    chunks = f',\n  "chunks": [{len(stream())}]'
    assert len(parse(block.replace(chunks, ""), "").response.chunks) == 4
    assert not recwarn.list


def test_a_patch_that_an_edit_leaves_behind_is_let_go():
    body = b'data: {"a":  1, "text": "x"   }\n\n' * 2
    edited = render(call(body, SSE)).replace('{"a": 1, "text": "x"}', '{"b": 22, "zz": "a longer text"}', 1)
    with pytest.warns(TokentapeWarning):
        response = parse(edited, "").response
    assert response.body == b'data: {"b": 22, "zz": "a longer text"}\n\ndata: {"a":  1, "text": "x"   }\n\n'


PAYLOADS = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.dictionaries(st.text(max_size=4), inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(
        st.tuples(
            st.none() | st.text('ab:\\"é\u202e', max_size=3), PAYLOADS, st.sampled_from(["", " ", "   "])
        )
    ),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([" ", ""]),
    st.sampled_from([(",", ":"), (", ", ": ")]),
    st.sampled_from([b"", b"data: [DONE]\n\n", b": \xff\n\n", b"data: cut"]),
)
def test_lines_of_a_stream_give_what_parsing_them_gives(events, ascii_only, nl, sp, separators, tail):
    body = b""
    for name, value, pad in events:
        text = json.dumps(value, ensure_ascii=ascii_only, separators=separators)
        text = text[:-1] + pad + "}" if text.endswith("}") else text
        head = "" if name is None else f"event:{sp}{name}{nl}"
        body += f"{head}data:{sp}{text}{nl}{nl}".encode("utf-8", "surrogatepass")
    body += tail
    block = render(call(body, SSE))
    rest, found = sselines.cut_stream(block)
    shown = show(body, "text/event-stream")
    if found is not None:
        assert found == body
        assert len(rest) < len(block)
    elif body:
        assert "sse" not in shown or "escapes" in shown or shown.get("name") or shown["style"] == "indent"
    assert parse(block, "").response.body == body


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"status": 200', '"status": "fine"', "field response.status is a text, not a whole number"),
        ('"status": 200', '"status": true', "field response.status is true or false, not a whole number"),
        ('"status": 200, ', "", "field response.status is missing, not a whole number"),
        ('"method": "POST"', '"method": null', "field request.method is null, not a text"),
        ('"trailers": []', '"trailers": {}', 'field response.trailers is an object, not a list of ["name", "value"]'),
        ('"trailers": []', '"trailers": [["a"]]', "field response.trailers is a list, not"),
        ('"chunks": [2]', '"chunks": [-2]', "field response.chunks is a list, not a list of whole numbers"),
        ('"chunks": [2]', '"chunks": 2', "field response.chunks is a number, not a list of whole numbers"),
        ('"how": "eof"', '"how": "bored"', "field ended.how: 'bored' is not one of eof, closed_by_caller"),
        ('"terminal": null', '"terminal": 0', "field ended.terminal is a number, not true, false or null"),
        ('"error": null', '"error": {"type": "X"}', "field ended.error.message is missing, not a text"),
        ('"head_ms": 12', '"head_ms": "12"', "field timing.head_ms is a text, not a whole number"),
        ('"kind": "http"', '"kind": "grpc"', "field kind: 'grpc' is reserved"),
        ('"redacted": []', '"redacted": 1', "field redacted is a number, not a list"),
        ('"redacted": []', '"redacted": [1]', "field redacted: a finding is"),
        ('"metadata": {}', '"metadata": []', "field metadata is a list, not an object"),
        ('"exact": "', '"exact": 1, "exakt": "', "field exact is a number, not a text or null"),
        ('{"json": {}', '{"yaml": {}', "field response.body: a body is one of"),
        ('"request": {', '"quest": {', "field request is missing, not an object"),
        ('"response": {', '"response": 1, "reply": {', "field response is a number, not an object"),
        ('"status": 200', '"status": 200,,', "line 11: not JSON"),
        ('"status": 200', '"status": NaN', "NaN is not JSON"),
        ('"asks": ""', '"asks": "\n<<<<<<< ours\n"', "line 8: conflict markers of a merge"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(old, new, problem):
    block = render(call())
    assert old in block
    with pytest.raises(CassetteCorrupt) as wrong:
        parse(block.replace(old, new, 1), "tape.json", lambda: 5)
    assert problem in str(wrong.value)
    assert wrong.value.path == "tape.json"
    assert wrong.value.fix


@pytest.mark.parametrize("block", ["[1]", '{"id": 7}', "{}"])
def test_what_is_no_interaction_is_refused(block):
    with pytest.raises(CassetteCorrupt, match="an interaction is an object"):
        parse(block, "tape.json")


def test_fields_of_a_later_version_are_kept():
    block = (
        render(call())
        .replace('"asks":', '"mood": {"a": [1]}, "asks":')
        .replace('"status":', '"push": true, "status":')
    )
    found = parse(block, "")
    assert found.unknown == {"mood": {"a": [1]}, "response": {"push": True}}
    assert parse(render(found), "") == found


def test_a_file_is_the_same_for_the_same_interactions():
    blocks = [render(call(id="a")), render(call(stream(), SSE, id="b"))]
    whole = assemble(blocks, rules="k1:9f3c", finished=True, unknown={"x": 1})
    assert whole == assemble(
        [render(parse(block, "")) for block in blocks], rules="k1:9f3c", finished=True, unknown={"x": 1}
    )
    document = json.loads(whole)
    assert list(document) == ["tokentape", "rules", "finished", "x", "interactions", "count"]
    assert document["count"] == len(document["interactions"]) == 2
    assert assemble([], rules="", finished=False) == (
        b'{"tokentape": 1, "rules": "", "finished": false,\n"interactions": [\n],\n"count": 0}\n'
    )
