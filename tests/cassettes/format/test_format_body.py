"""Any bytes in, the same bytes out, in the most readable form that gives them back."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from format_calls import sample_bodies, stream
from hypothesis import example, given
from hypothesis import strategies as st

from tokentape.cassettes.format.body import SHOWN_AT_MOST, restore, show
from tokentape.cassettes.format.coding import body_form, read_body

MEDIA = st.sampled_from(["", "application/json", "text/event-stream", "application/x-ndjson", "text/plain"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
SPACES = st.sampled_from(["", " ", "\n", "\r\n  ", "\t"])


@st.composite
def spelled(draw) -> str:
    """JSON as programs write it, and as none does."""
    separators = (draw(st.sampled_from([",", ", ", " ,\n"])), draw(st.sampled_from([":", ": ", " :"])))
    text = json.dumps(
        draw(VALUES),
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, 1, 2, 4, "\t"])),
        separators=separators,
    )
    for plain, escaped in draw(st.sampled_from([(), (("<", "\\u003c"),), (("/", "\\/"), ("é", "\\u00E9"))])):
        text = text.replace(plain, escaped)
    return draw(SPACES) + text + draw(SPACES)


@st.composite
def streams(draw) -> bytes:
    """Event streams, tidy and not."""
    nl = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    blocks = draw(
        st.lists(
            st.one_of(
                spelled().map(lambda text: f"data: {text}"),
                spelled().map(lambda text: f"data:{text}"),
                st.tuples(st.text(max_size=5), spelled()).map(lambda p: f"event: {p[0]}{nl}data: {p[1]}"),
                spelled().map(lambda text: f"data: {text}{nl}event: late"),
                st.text(max_size=10),
                st.sampled_from([": ping", "data: [DONE]", "id: 4", "", "\ufeffdata: {}"]),
            ),
            max_size=6,
        )
    )
    text = (nl + nl).join(blocks) + draw(st.sampled_from(["", nl, nl + nl]))
    return text.encode("utf-8", "surrogatepass") + draw(st.sampled_from([b"", b"\xff", b"data: \xc3\n\n"]))


@given(st.binary(), MEDIA)
@example(b"--\r\n--\r\n----", "")
@example(b'{"$lines":["a"]}', "")
@example(b'{"a":1,"a":2}', "")
@example(b'["\\ud800"]', "")
@example('["\\ud800é"]'.encode(), "")
@example(b"[NaN,Infinity,1e999,-0.0,1E5,0.10]", "")
@example(b"1" * 5000, "")
@example(b"[" * 500 + b"]" * 500, "")
@example(b"\xef\xbb\xbf{}", "")
def test_any_bytes_are_given_back(body, media):
    assert restore(_through_file(show(body, media))) == body


@given(spelled(), MEDIA)
def test_any_json_is_given_back(text, media):
    body = text.encode("utf-8", "surrogatepass")
    assert restore(_through_file(show(body, media))) == body


@given(streams(), MEDIA)
def test_any_stream_is_given_back(body, media):
    assert restore(_through_file(show(body, media))) == body


@given(st.lists(spelled(), max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_any_lines_are_given_back(lines, nl):
    body = "".join(line + nl for line in lines).encode("utf-8", "surrogatepass")
    assert restore(_through_file(show(body, "application/x-ndjson"))) == body


def _through_file(form):
    return json.loads(json.dumps(form))


def test_every_body_of_the_samples_is_readable_and_exact():
    forms = Counter()
    for origin, headers, body in sample_bodies():
        form = body_form(body, headers)
        assert read_body(_through_file(form)).body == body, origin
        forms[next(iter(form))] += 1
    assert forms["base64"] == 0
    assert forms["text"] <= 7  # SDP offers, a plain text upload, one upload that is base64 itself
    assert forms["json"] > 300
    assert forms["sse"] > 40
    assert forms["aws_events"] == 8
    assert forms["multipart"] == 5


def test_absent_and_empty_differ():
    assert show(None) is None
    assert show(b"") == ""
    assert restore(None) is None
    assert restore("") == b""


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b'{"a": 1}', {"json": {"a": 1}, "style": "spaced"}),
        (b'{"a":1}\n', {"json": {"a": 1}, "style": "compact", "tail": "\n"}),
        (b'{\n  "a": 1\n}', {"json": {"a": 1}, "style": "indent2"}),
        (b'{"a":"\\u00e9"}', {"json": {"a": "é"}, "style": "compact", "ascii": True}),
        ('{"a":"é"}'.encode(), {"json": {"a": "é"}, "style": "compact"}),
        (
            b'{"a":"\\u003cb\\u003e"}',
            {"json": {"a": "<b>"}, "style": "compact", "escapes": ["\\u003c", "\\u003e"]},
        ),
        (b'{"a":"x\\/y"}', {"json": {"a": "x/y"}, "style": "compact", "escapes": ["\\/"]}),
        (b'{"a":1   }', {"json": {"a": 1}, "style": "compact", "ws": [[-1, "   "]]}),
        (
            b'{"a":1e3,"b":[ ]}',
            {"json": {"a": 1000.0, "b": []}, "style": "compact", "ws": [[5, "1e3", "1000.0"], [17, " "]]},
        ),
        (
            b'[{\n  "a": 1\n}\n,\n{\n  "a": 2\n}]',
            {"json": [{"a": 1}, {"a": 2}], "style": "indent2", "items": ["\n,\n", ""]},
        ),
        (b'{"a":1}\n{"a":2}\n', {"ndjson": [[{"a": 1}], [{"a": 2}]], "style": "compact"}),
        (b"plain words", {"text": "plain words"}),
        (b"\xff\xfe", {"base64": "//4="}),
        (b"\0text with a NUL", {"base64": "AHRleHQgd2l0aCBhIE5VTA=="}),
        (b'{"a":1,"a":2}', {"text": '{"a":1,"a":2}'}),
        (b'{"a":NaN}', {"text": '{"a":NaN}'}),
    ],
)
def test_the_form_says_what_a_reader_wants_to_see(body, form):
    assert show(body) == form
    assert restore(form) == body


def test_large_bodies_are_not_taken_apart():
    body = b"[" + b"1," * (SHOWN_AT_MOST // 2) + b"1]"
    assert list(show(body)) == ["text"]
    assert restore(show(body)) == body


def test_a_part_of_a_multipart_body_is_shown_as_what_it_is():
    body = (
        b'--b1\r\nContent-Disposition: form-data; name="a"\r\n\r\n{"x": 1}\r\n'
        b"--b1\r\nContent-Disposition: form-data; name=f\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b1--\r\n"
    )
    form = show(body, "multipart/form-data")
    assert form == {
        "multipart": [
            [['Content-Disposition: form-data; name="a"'], {"json": {"x": 1}, "style": "spaced"}],
            [["Content-Disposition: form-data; name=f", "Content-Type: image/png"], {"base64": "iVBORw=="}],
        ],
        "boundary": "b1",
        "tail": "\r\n",
    }
    assert restore(form) == body


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ([], "a body is null"),
        ({"yaml": "x"}, "a body is one of json, sse"),
        ({"json": 1, "colour": "red"}, "has no field 'colour'"),
        ({"json": 1, "style": "fancy"}, "style 'fancy' is not one of"),
        ({"json": 1, "ascii": "yes"}, "ascii is not true or false"),
        ({"json": 1, "escapes": ["x"]}, "is not an escape"),
        ({"json": 1, "escapes": 1}, "escapes is not a list"),
        ({"json": 1, "tail": 1}, "tail is not whitespace"),
        ({"json": 1, "items": [",", ""]}, "items is"),
        ({"json": 1, "ws": 1}, "ws is not a list"),
        ({"json": 1, "ws": [1]}, "ws holds something else"),
        ({"json": {"$lines": 1}}, '"$lines" stands alone'),
        ({"json": {"$lines": [1]}}, '"$lines" holds texts only'),
        ({"text": 1}, "text is not a text"),
        ({"base64": 1}, "base64 is not a text"),
        ({"base64": "%"}, "base64:"),
        ({"base64": "é"}, "base64"),
        ({"sse": 1}, "sse is not a list"),
        ({"sse": [1]}, "an entry is"),
        ({"sse": [[1, 2]]}, "an event is"),
        ({"sse": [[1]], "nl": "x"}, "nl is"),
        ({"sse": [[1]], "style": "indent2"}, "does not fit on one line"),
        ({"ndjson": 1}, "ndjson is not a list"),
        ({"ndjson": [], "nl": 1}, "nl is"),
        ({"multipart": 1}, "multipart is a list"),
        ({"multipart": [1], "boundary": "b"}, "a part is"),
        ({"aws_events": 1}, "aws_events is not a list"),
        ({"aws_events": [[1]]}, "an event is"),
        ({"aws_events": [[{"x": {}}]]}, "header 'x' is"),
        ({"aws_events": [[{"x": [4, 2**40]}]]}, "does not fit header type 4"),
    ],
)
def test_a_form_that_is_none_of_ours_is_named(form, problem):
    with pytest.raises(ValueError) as wrong:
        restore(form)
    assert problem in str(wrong.value)


def test_a_stream_that_was_cut_is_exact():
    whole = stream()
    for end in range(len(whole)):
        assert restore(show(whole[:end], "text/event-stream")) == whole[:end]
