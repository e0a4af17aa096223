"""Laws of redaction: idempotent, equal lengths, still parsing, pure, complete, linear."""

from __future__ import annotations

import copy
import itertools
import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import OPAQUE, PEM, SHAPED, TAIL, interaction

from tokentape.errors import UsageError
from tokentape.wire.eventstream import EventHeader, decode_message, encode_message
from tokentape.wire.interaction import Interaction
from tokentape.wire.message import Request
from tokentape.wire.redact import WHOLE, Redactor, collapse
from tokentape.wire.redact import placeholder as placeholders
from tokentape.wire.redact.assigned import find as find_assigned
from tokentape.wire.redact.fields import find as find_fields
from tokentape.wire.redact.known import KnownValues
from tokentape.wire.redact.names import Grade, field_grade
from tokentape.wire.redact.prefilter import Suspect, suspects, suspects_fields
from tokentape.wire.redact.shapes import find as find_shapes

NAMES = [
    "api_key",
    "token",
    "key",
    "password",
    "signature",
    "max_tokens",
    "text",
    "encrypted_content",
    "content",
]
SECRETS = [*SHAPED.values(), OPAQUE, PEM, "hunter2", 'a"b\\c/é\U0001f600']
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(SECRETS),
    st.builds("{}{}{}".format, st.text(max_size=5), st.sampled_from(SECRETS), st.text(max_size=5)),
    st.sampled_from(["[redacted]", "[redacted~~]", "***", "[redact", "~~]", "Bearer "]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), TEXTS), inner, max_size=3),
        inner.map(json.dumps),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_json_stays_json_of_the_same_length_and_redaction_is_idempotent(value, ascii_only, indent):
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    redactor = Redactor()
    item = interaction(body=body, reply=body)
    once = redactor.interaction(item)
    assert len(once.request.body) == len(once.response.body) == len(body)
    json.loads(once.request.body.decode("utf-8", "surrogatepass"))
    assert redactor.interaction(once) == once
    pure, _ = redactor.request(item.request)
    assert redactor.request(pure) == (pure, ())


@settings(max_examples=100, deadline=None)
@given(st.lists(VALUES, max_size=6), st.sampled_from(["\n\n", "\r\n\r\n"]))
def test_streams_keep_their_events(values, blank):
    body = "".join(f"data: {json.dumps({'delta': value})}{blank}" for value in values).encode()
    redactor = Redactor()
    item = redactor.interaction(
        interaction(reply=body, reply_headers=(("Content-Type", "text/event-stream"),))
    )
    assert len(item.response.body) == len(body)
    events = item.response.body.split(blank.encode())[:-1]
    assert len(events) == len(values)
    for event in events:
        json.loads(event.removeprefix(b"data: "))
    assert redactor.interaction(item) == item


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            "application/json",
            "text/plain",
            "text/event-stream",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=B",
            "application/vnd.amazon.eventstream",
            "image/png",
            "",
        ]
    ),
)
def test_any_bytes_of_any_type_keep_their_length(body, content_type):
    redactor = Redactor()
    body += b" api_key=" + OPAQUE.encode()
    item = redactor.interaction(
        interaction(body=body, reply=body, reply_headers=(("Content-Type", content_type),))
    )
    assert len(item.request.body) == len(item.response.body) == len(body)
    assert redactor.interaction(item) == item


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([*NAMES, "q", "X-Amz-Signature"]), TEXTS), max_size=4),
    st.text(max_size=10),
)
def test_urls_and_headers_are_idempotent(pairs, path):
    query = "&".join(f"{name}={value}" for name, value in pairs)
    headers = tuple((name, value.encode("utf-8", "replace").decode("latin-1")) for name, value in pairs)
    redactor = Redactor()
    once, _ = redactor.request(Request("GET", f"https://h.example/{path}?{query}", headers))
    assert redactor.request(once) == (once, ())


LEAD = [
    "",
    " ",
    '"',
    "'",
    "\n",
    "\\n",
    "\\\\n",
    "\\u000a",
    "\\u003d",
    "=",
    "%20",
    "(",
    ":",
    "\\t",
    "\\r",
    "é",
    ",",
    "/",
    ".",
    '\\"',
]


@pytest.mark.parametrize("lead", LEAD)
@pytest.mark.parametrize("kind", [*SHAPED, "pem"])
def test_the_prefilter_never_misses_a_shape(kind, lead):
    data = f"{'x y' if lead else ''}{lead}{SHAPED.get(kind, PEM)}{lead}".encode()
    if find_shapes(data):
        assert suspects(data) & Suspect.SHAPE
    elif lead != "/":
        pytest.fail("not found")


@pytest.mark.parametrize("word", ["Bearer", "bearer", "Basic"])
def test_the_prefilter_never_misses_a_scheme(word):
    data = f"x {word} dXNlcjpxOFp0M1ZiTjBzTGs1V3lS".encode()
    assert find_shapes(data)
    assert suspects(data) & Suspect.SHAPE


def spellings(name):
    words = name.split("_")
    joined = [
        "_".join(words),
        "-".join(words),
        "".join(words[:1] + [w.title() for w in words[1:]]),
        "".join(w.title() for w in words),
    ]
    return {*joined, joined[0].upper(), joined[1].title(), joined[1].upper()}


TELLING = [
    *(
        [
            "api_key",
            "access_token",
            "refresh_token",
            "id_token",
            "client_secret",
            "secret",
            "secrets",
            "password",
            "passwd",
            "passphrase",
            "credential",
        ]
    ),
    *(
        [
            "credentials",
            "authorization",
            "secret_access_key",
            "access_key_id",
            "private_key",
            "session_token",
            "cookie",
            "cookies",
            "bearer",
        ]
    ),
    *(
        [
            "openai_api_key",
            "api_keys",
            "auth_token",
            "subscription_key",
            "x_amz_signature",
            "token",
            "signature",
            "sig",
            "auth",
            "jwt",
            "pwd",
        ]
    ),
]


@pytest.mark.parametrize("name", TELLING)
def test_the_prefilter_never_misses_a_name(name):
    seen = 0
    for spelling, form in itertools.product(
        spellings(name),
        [
            '"{}":"{}"',
            '"{}" : "{}"',
            '"{}"   : "{}"',
            '"{}"\n\t: "{}"',
            '\\"{}\\" : \\"{}\\"',
            "'{}': '{}'",
            '\\"{}\\": \\"{}\\"',
            '"{}": ["{}"]',
            '"{}":\n\t"{}"',
            "{}={}",
            "{} = {}",
            '{}="{}"',
        ],
    ):
        data = ("{x " + form.format(spelling, f"{TAIL}{OPAQUE}") + "}").encode()
        if find_fields(data):
            assert suspects(data) & Suspect.FIELD, data
            assert suspects_fields(data), data
            seen += 1
        if find_assigned(data):
            assert suspects(data) & Suspect.ASSIGNED, data
            seen += 1
    assert seen


@settings(max_examples=200, deadline=None)
@given(
    st.text(string.ascii_letters + string.digits + "_-.", min_size=1, max_size=20),
    st.sampled_from(
        [
            "key",
            "token",
            "Secret",
            "PASSWORD",
            "signature",
            "Cookie",
            "credentials",
            "KeyId",
            "access_key_id",
            "",
        ]
    ),
)
def test_the_prefilter_knows_every_name_that_counts(start, end):
    name = start + end
    if field_grade(name) is not Grade.NONE:
        data = f'{{"{name}":"{TAIL}{OPAQUE}"}}'.encode()
        if find_fields(data):
            assert suspects(data) & Suspect.FIELD


def test_requests_are_redacted_the_same_on_both_sides():
    """Recording with a key and replaying without one give the same body, whatever was learnt."""
    body = json.dumps({"messages": [{"role": "user", "content": f"hello {SHAPED['openai']}"}]}).encode()
    live = Request(
        "POST",
        "https://h/v1?key=AIzaSyReal000000000000000000000000",
        (("Authorization", f"Bearer {OPAQUE}"),),
        body,
    )
    dummy = Request("POST", "https://h/v1?key=dummy", (("Authorization", "Bearer dummy"),), body)
    taught = Redactor()
    taught.learn(live, None)
    assert taught.request(live)[0] == Redactor().request(dummy)[0]
    assert taught.request(live) == Redactor().request(live)


def test_unchanged_requests_are_equal_and_report_nothing():
    request = Request("POST", "https://h/v1?alt=sse", (("Content-Type", "application/json"),), b'{"a": 1}')
    assert Redactor().request(request) == (request, ())
    assert Redactor().request(Request("GET", "https://h/", (), None))[0].body is None
    assert Redactor().request(Request("GET", "https://h/", (), b""))[0].body == b""


def test_interactions_without_a_response_or_a_body():
    item = interaction()
    item = Interaction("1", item.request, None, item.ended, item.timing)
    assert Redactor().interaction(item) == item
    assert Redactor().leaks(item) == ()


def test_findings_say_where_what_and_how_often():
    secret = SHAPED["groq"]
    item = Redactor().interaction(
        interaction(headers=(("x-api-key", OPAQUE),), body=json.dumps([secret, secret]).encode())
    )
    assert [(f.where, f.kind, f.count) for f in item.redacted] == [
        ("request.headers.x-api-key", "credential", 1),
        ("request.body", "api_key", 2),
    ]


def test_leaks_sees_what_redaction_was_not_asked_about():
    secret = SHAPED["gitlab"]
    redactor = Redactor()
    places = {
        "request.url": interaction(url=f"https://h/{secret}"),
        "request.body": interaction(body=json.dumps({"a": json.dumps(secret)}).encode()),
        "response.headers.x-note": interaction(reply_headers=(("X-Note", secret),)),
        "response.body": interaction(
            reply=b"".join(b'data: {"delta": "%c"}\n\n' % char for char in secret.encode())
        ),
        "metadata": interaction(metadata={"a": [{"b": secret}]}),
        "asks": interaction(asks=secret),
        "unknown": interaction(unknown={"later": secret}),
    }
    for place, item in places.items():
        assert place in {finding.where for finding in redactor.leaks(item)}
        assert redactor.leaks(redactor.interaction(item)) == ()


def test_leaks_sees_escapes_that_hide_a_key():
    hidden = json.dumps({"a": "X"}).replace("X", "".join(f"\\u{ord(char):04x}" for char in SHAPED["gitlab"]))
    assert Redactor().leaks(interaction(reply=hidden.encode()))


def test_user_rules():
    redactor = Redactor(
        headers=["X-Tenant*"],
        query=["user_*"],
        json=["user.email", "items[*].ssn", "nickname", "rows[0]"],
        patterns=[r"ACME-\d{4}", r"\b\d{16}\b"],
    )
    document = {
        "user": {"email": "me@example.com", "age": 33},
        "email": "stays@example.com",
        "items": [{"ssn": "123-45"}, {"ssn": 12345}, {"n": "ACME-1234"}],
        "deep": {"nickname": {"first": "Al", "n": 7, "ok": True}},
        "rows": [["a", 2.5], ["b", 3]],
        "card": 4111111111111111,
        "nested": json.dumps({"nickname": "Al"}),
    }
    request = Request(
        "GET", "https://h/?user_id=5&x=1", (("x-tenant-id", "t1"),), json.dumps(document).encode()
    )
    changed, found = redactor.request(request)
    after = json.loads(changed.body)
    assert changed.url == "https://h/?user_id=[redacted]&x=1"
    assert changed.headers == (("x-tenant-id", WHOLE),)
    assert after["user"] == {"email": "[redacted~~~~]", "age": 33}
    assert after["email"] == "stays@example.com"
    assert after["items"] == [{"ssn": "******"}, {"ssn": 0}, {"n": "*********"}]
    assert after["deep"] == {"nickname": {"first": "**", "n": 0, "ok": True}}
    assert after["rows"] == [["*", 0], ["b", 3]]
    assert after["card"] == 0
    assert json.loads(after["nested"]) == {"nickname": "**"}
    assert len(changed.body) == len(request.body)
    assert {finding.kind for finding in found} >= {"user_rule", "credential"}
    assert redactor.request(changed) == (changed, ())


def test_user_rules_hold_in_streams():
    redactor = Redactor(json=["delta.name"], patterns=["ACME"])
    body = b'data: {"delta": {"name": "Alice in W"}}\n\ndata: {"t": "AC"}\n\ndata: {"t": "ME"}\n\n'
    after = redactor.interaction(
        interaction(reply=body, reply_headers=(("Content-Type", "text/event-stream"),))
    )
    assert (
        after.response.body
        == b'data: {"delta": {"name": "[redacted]"}}\n\ndata: {"t": "**"}\n\ndata: {"t": "**"}\n\n'
    )


@settings(max_examples=100, deadline=None)
@given(VALUES, st.sampled_from([r".+", r'"[^"]+": ', r"[\d{}\[\]]+", r"\\.", r"[a-z]+", r"."]))
def test_a_wild_pattern_still_leaves_json(value, pattern):
    body = json.dumps({"a": value}).encode()
    redactor = Redactor(patterns=[pattern])
    changed, _ = redactor.request(Request("POST", "https://h", (), body))
    assert len(changed.body) == len(body)
    json.loads(changed.body)
    assert redactor.request(changed)[0] == changed
    stored = redactor.interaction(interaction(body=body, reply=body))
    assert redactor.leaks(stored) == ()


def test_what_only_shows_once_something_else_is_covered_goes_too():
    redactor = Redactor(patterns=["[a-z]+"])
    changed, _ = redactor.request(Request("POST", "https://h", (), b'{"A": "AKIA0000000000000000abc"}'))
    assert b"AKIA" not in changed.body
    assert redactor.request(changed)[0] == changed


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ({"patterns": ["("]}, r"\('\('\)|'\('"),
        ({"patterns": ["a*"]}, r"'a\*'"),
        ({"patterns": [3]}, "patterns: 3"),
        ({"json": ["a..b"]}, r"'a\.\.b'"),
        ({"json": [""]}, "filter_json: ''"),
        ({"headers": [None]}, "filter_headers: None"),
    ],
)
def test_bad_rules_are_named(rules, named):
    with pytest.raises(UsageError, match=named):
        Redactor(**rules)


def test_rules_text_is_stable_and_tells_rules_apart():
    assert Redactor().rules_text == Redactor().rules_text
    assert Redactor(headers=["a", "b"]).rules_text == Redactor(headers=["b", "a"]).rules_text
    texts = {
        Redactor().rules_text,
        Redactor(headers=["a"]).rules_text,
        Redactor(query=["a"]).rules_text,
        Redactor(json=["a"]).rules_text,
        Redactor(patterns=["a"]).rules_text,
    }
    assert len(texts) == 5
    assert Redactor(headers="x-one").rules_text == Redactor(headers=["x-one"]).rules_text


@given(st.integers(1, 200))
def test_placeholders(length):
    word = placeholders.fill(length)
    assert len(word) == length
    assert placeholders.is_placeholder(word.decode())
    assert placeholders.is_piece(word)
    assert json.loads(b'"' + word + b'"') == word.decode()
    assert collapse(word.decode()) == WHOLE
    assert collapse(f"a {placeholders.fill(length + 9).decode()} b") == f"a {WHOLE} b"


def test_collapse_leaves_ordinary_text():
    for text in ("", "**bold** and *thin*", "[redacted", "redacted]", "**********"):
        assert collapse(text) == text
    assert collapse("https://%5Bredacted%5D@h") == "https://[redacted]@h"


HOSTILE = {
    "prefixes": b"sk-" * 330_000,
    "spaced prefixes": b" sk-" * 250_000,
    "jwt": b"eyJaaaaaaaaa." * 77_000,
    "jwt run": b" eyJ" + b"a" * 1_000_000,
    "pem": b"-----BEGIN PRIVATE KEY-----" * 37_000,
    "pem open": b"-----BEGIN PRIVATE KEY-----" + b"A" * 1_000_000,
    "names": b'"api_key":' * 100_000,
    "open values": b'"api_key":"' * 90_000,
    "escaped quotes": b'"api_key":"' + b'\\"' * 500_000,
    "backslashes": b'"api_key":"' + b"\\" * 1_000_000,
    "open other quote": b"'api_key':'x" * 83_000,
    "userinfo": b"://" * 330_000,
    "userinfo long": b"://a:" + b"b" * 1_000_000,
    "bearer": b"Bearer " * 140_000,
    "basic": b"Basic " + b"QUJD" * 250_000,
    "equals": b"key=" * 250_000,
    "authorization": b"Authorization:" * 70_000,
    "aws": b"AKIAQ7XLW4RTZ8VB1NC2 " * 47_000,
    "deep": b"[" * 1_000_000,
    "objects": b'{"a":' * 200_000,
    "json strings": b'{"a":"' + b"\\\\" * 500_000,
    "stars": b"sk-" + b"*" * 1_000_000,
    "dashes": b"-" * 1_000_000,
    "blob": b'{"encrypted_content":"' + b"A" * 1_000_000 + b'"}',
    "lines": b"data: {}\n" * 110_000,
    "placeholders": b"[redacted~" * 100_000,
}


JSON, SSE = "application/json", "text/event-stream"
AS_STREAM = ("names", "open values", "lines", "placeholders", "json strings", "prefixes")


@pytest.mark.parametrize(
    ("name", "content_type"), [*((name, JSON) for name in HOSTILE), *((name, SSE) for name in AS_STREAM)]
)
def test_hostile_megabytes_are_scanned_in_linear_time(name, content_type):
    body = HOSTILE[name]
    redactor = Redactor(json=["a.b"], patterns=["zzz"])
    item = redactor.interaction(interaction(reply=body, reply_headers=(("Content-Type", content_type),)))
    assert len(item.response.body) == len(body)


def test_interactions_are_not_changed_in_place():
    item = interaction(
        body=json.dumps({"api_key": OPAQUE}).encode(), metadata={"password": OPAQUE, "list": [OPAQUE]}
    )
    before = copy.deepcopy(item)
    Redactor().interaction(item)
    assert item == before


def test_percent_encoded_paths_and_event_stream_headers():
    secret = f"abc{OPAQUE}+/x"
    redactor = Redactor()
    item = interaction(
        url=f"https://h/a%20b/{''.join(f'%{byte:02x}' for byte in SHAPED['gitlab'].encode())}",
        headers=(("x-api-key", secret),),
        reply=encode_message([EventHeader(":message", secret, 7)], b"{}"),
        reply_headers=(("Content-Type", "application/vnd.amazon.eventstream"),),
    )
    after = redactor.interaction(item)
    assert after.request.url == "https://h/a%20b/%5Bredacted%5D"
    assert decode_message(after.response.body) is not None
    assert secret.encode() not in after.response.body
    assert redactor.leaks(after) == ()


@pytest.mark.parametrize("name", ["authtoken", "X-APIKEY", "openaiapikey", "userpassword"])
def test_names_without_a_break(name):
    changed, _ = Redactor().request(
        Request("GET", "https://h/", ((name, OPAQUE),), json.dumps({name: OPAQUE}).encode())
    )
    assert OPAQUE not in repr(changed)


def test_a_value_that_does_not_end_goes_up_to_the_end_of_its_text():
    cut = json.dumps({"arguments": '{"api_key": "' + OPAQUE, "after": "stays"}).encode()
    after = json.loads(Redactor().interaction(interaction(reply=cut)).response.body)
    assert OPAQUE not in after["arguments"]
    assert after["after"] == "stays"
    body = b'{"password": "' + OPAQUE.encode() + b" and more"
    assert Redactor().interaction(interaction(reply=body)).response.body.endswith(b"] and more")


def test_names_inside_a_value_are_part_of_it():
    body = json.dumps({"password": '{"api_key": "' + OPAQUE + '"} '}).encode()
    after = json.loads(Redactor().interaction(interaction(reply=body)).response.body)
    assert after["password"].startswith("[redacted~")


def test_placeholders_do_not_cut_characters():
    redactor = Redactor(patterns=["x..x"])
    body = '{"a": "xéx", "b": "éx--xé"}'.encode()
    after = redactor.interaction(interaction(reply=body)).response.body
    assert json.loads(after) == {"a": "****", "b": "é****é"}
    wide = Redactor(patterns=["x.{1}"]).interaction(interaction(reply='{"a": "xé"}'.encode())).response.body
    assert json.loads(wide) == {"a": "***"}


def test_the_oldest_of_very_many_secrets_are_forgotten():
    known = KnownValues(2)
    known.learn([f"secret-number-{number}" for number in range(5)])
    known.learn(["secret-number-4"])
    assert {b"secret-number-3", b"secret-number-4"} < set(known.literals)
    assert b"secret-number-2" not in known.literals


def test_encoded_secrets_in_texts_and_broken_wrappings():
    encoded = "".join(f"%{byte:02x}" for byte in SHAPED["gitlab"].encode())
    item = Redactor().interaction(
        interaction(
            asks=f"see {encoded}",
            headers=(("x-amzn-session-id", OPAQUE),),
            reply=encode_message([], b'{"bytes": "AAA", "t": "' + SHAPED["gitlab"].encode() + b'"}'),
            reply_headers=(("Content-Type", "application/vnd.amazon.eventstream"),),
        )
    )
    assert item.asks == WHOLE
    assert item.request.headers[-1] == ("x-amzn-session-id", WHOLE)
    assert SHAPED["gitlab"].encode() not in item.response.body
