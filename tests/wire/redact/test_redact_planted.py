"""R30, R31, R51: secrets of every kind leave no trace."""

from __future__ import annotations

import base64
import gzip
import json
import zlib

import pytest
from planted import OPAQUE, PEM, SHAPED, TAIL, assert_gone, everything, interaction

from tokentape.wire.body import decoded_body
from tokentape.wire.eventstream import EventHeader, EventStreamDecoder, decode_message, encode_message
from tokentape.wire.interaction import Ended, How, WireError
from tokentape.wire.message import Request, Response, header
from tokentape.wire.redact import Redactor

PLACES = {
    "value": lambda s: json.dumps({"text": s}),
    "in_text": lambda s: json.dumps({"text": f"use {s} please."}),
    "after_newline": lambda s: json.dumps({"text": f"keys:\n{s}\nend"}),
    "nested": lambda s: json.dumps({"arguments": json.dumps({"q": f"a {s}"})}),
    "nested_twice": lambda s: json.dumps({"a": json.dumps({"b": json.dumps({"c": [s, "x\n" + s]})})}),
    "list": lambda s: json.dumps(["a", s, "b"]),
    "field_name": lambda s: json.dumps({s: 1}),
    "non_ascii": lambda s: json.dumps({"t": f"Schlüssel é\U0001f600{s}"}, ensure_ascii=False),
    "ascii_escapes": lambda s: json.dumps({"t": f"Schlüssel é{s}"}),
    "error": lambda s: json.dumps(
        {"error": {"message": f"Incorrect API key provided: {s}. Find yours at https://x.y/keys."}}
    ),
    "plain_text": lambda s: f"Unauthorized: key '{s}' is not valid",
    "broken_json": lambda s: '{"text": "' + s,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", SHAPED)
def test_R31_key_shapes_are_found_everywhere(kind, place):
    secret, redactor = SHAPED[kind], Redactor()
    body = PLACES[place](secret).encode()
    item = redactor.interaction(interaction(body=body, reply=body))
    assert_gone(secret, item)
    assert redactor.leaks(item) == ()
    assert len(item.request.body) == len(item.response.body) == len(body)
    if place not in ("plain_text", "broken_json"):
        json.loads(item.request.body)


@pytest.mark.parametrize("kind", SHAPED)
def test_R31_key_shapes_in_urls_headers_forms_and_multipart(kind):
    secret, redactor = SHAPED[kind], Redactor()
    form = Request(
        "POST",
        f"https://h.example/{secret}/x?q={secret}#t={secret}",
        (("X-Note", f"a {secret}"), FORM),
        f"a=1&q={secret}&b=2".encode(),
    )
    parts = f'--B\r\nContent-Disposition: form-data; name="note"\r\n\r\n{secret}\r\n--B--\r\n'.encode()
    multipart = Request(
        "POST", "https://h.example/", (("content-type", "multipart/form-data; boundary=B"),), parts
    )
    for request in (form, multipart):
        changed, found = redactor.request(request)
        assert found
        assert secret not in repr(changed)
        assert len(changed.body) == len(request.body)
        assert redactor.request(changed) == (changed, ())


FORM = ("Content-Type", "application/x-www-form-urlencoded")


def test_R31_private_keys_go_whole():
    for text in (PEM, PEM.replace("RSA ", ""), PEM.replace("RSA", "OPENSSH")):
        body = json.dumps({"file": text, "inner": json.dumps({"k": text})}).encode()
        item = Redactor().interaction(interaction(body=body, reply=text.encode()))
        assert TAIL.encode() not in everything(item)
        json.loads(json.loads(item.request.body)["inner"])


def test_R31_aws_secret_beside_its_id():
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzq8Zt3VbN0"
    body = json.dumps({"t": f"AKIAQ7XLW4RTZ8VB1NC2 : {secret}"}).encode()
    assert_gone(secret, Redactor().interaction(interaction(body=body)))
    alone = json.dumps({"sha": "wJalrXUtnFEMIaK7MDENGabPxRfiCYzq8Zt3VbN0"}).encode()
    assert Redactor().interaction(interaction(body=alone)).request.body == alone


def test_R31_bearer_basic_and_password_in_urls_in_text():
    basic = base64.b64encode(f"user:{OPAQUE}".encode()).decode()
    for text, secret in (
        (f"curl -H 'Authorization: Bearer {OPAQUE}'", OPAQUE),
        (f"sent bearer {OPAQUE}", OPAQUE),
        (f"Authorization: Basic {basic}", basic),
        (f"postgres://app:{OPAQUE}@db.example/x", OPAQUE),
        (f"Authorization: Custom {OPAQUE}", OPAQUE),
        (f"export MISTRAL_API_KEY={OPAQUE}", OPAQUE),
        (f"x-api-key: {OPAQUE}", OPAQUE),
        (
            f"https://s3.example/a?X-Amz-Signature={OPAQUE}&X-Amz-Credential=AKIAQ7XLW4RTZ8VB1NC2%2F2026",
            OPAQUE,
        ),
        (f"{{'api_key': '{OPAQUE}'}}", OPAQUE),
    ):
        for body in (text.encode(), json.dumps({"t": text}).encode()):
            assert_gone(secret, Redactor().interaction(interaction(body=body, reply=body)))


HEADER_NAMES = [
    "Authorization",
    "authorization",
    "Proxy-Authorization",
    "x-api-key",
    "X-API-KEY",
    "api-key",
    "x-goog-api-key",
    "Ocp-Apim-Subscription-Key",
    "x-amz-security-token",
    "X-Custom-Token",
    "my-secret",
    "X-Auth",
    "x-auth-token",
    "X-Password",
    "x-signature",
    "X-Hub-Signature-256",
    "cf-access-client-secret",
    "X-Serverless-Authorization",
    "OpenAI-Organization",
    "openai-project",
    "anthropic-organization-id",
    "x-goog-user-project",
    "X-Credential",
]


@pytest.mark.parametrize("name", HEADER_NAMES)
def test_R51_credential_headers_are_whole_placeholders(name):
    item = Redactor().interaction(
        interaction(headers=((name, OPAQUE),), reply_headers=((name, OPAQUE),), trailers=((name, OPAQUE),))
    )
    for headers in (item.request.headers, item.response.headers, item.response.trailers):
        assert header(headers, name) == "[redacted]"
    assert_gone(OPAQUE, item)
    assert {finding.where for finding in item.redacted} >= {f"request.headers.{name.lower()}"}


@pytest.mark.parametrize(
    "name",
    [
        "anthropic-ratelimit-input-tokens-limit",
        "x-ratelimit-remaining-tokens",
        "idempotency-key",
        "www-authenticate",
        "x-request-id",
        "access-control-allow-headers",
        "sec-websocket-key",
        "x-amzn-bedrock-input-token-count",
        "etag",
        "surrogate-key",
        "x-amz-date",
        "x-amz-content-sha256",
        "content-type",
        "x-stainless-arch",
        "cf-ray",
        "x-time-per-token",
    ],
)
def test_ordinary_headers_stay(name):
    request = Request("GET", "https://h.example/", ((name, "Basic realm=1, x-api-key, 12345678"),))
    assert Redactor().request(request) == (request, ())


def test_R51_sigv4_leaves_no_trace():
    signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    value = f"AWS4-HMAC-SHA256 Credential=AKIAQ7XLW4RTZ8VB1NC2/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}"
    error = json.dumps(
        {
            "message": f"The Canonical String was 'AKIAQ7XLW4RTZ8VB1NC2' {signature} x-amz-security-token:{OPAQUE}"
        }
    )
    item = Redactor().interaction(
        interaction(
            headers=(("Authorization", value), ("X-Amz-Security-Token", OPAQUE)), reply=error.encode()
        )
    )
    for secret in (signature, "AKIAQ7XLW4RTZ8VB1NC2", OPAQUE):
        assert_gone(secret, item)


def test_R51_cookies_both_ways_keep_names_and_attributes():
    item = Redactor().interaction(
        interaction(
            headers=(("Cookie", f"a={OPAQUE}; theme=dark"),),
            reply_headers=(
                ("Set-Cookie", f"__cf_bm={OPAQUE}; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly"),
                ("set-cookie", f"b={TAIL}, c={TAIL}; Secure"),
            ),
        )
    )
    assert header(item.request.headers, "cookie") == "a=[redacted]; theme=[redacted]"
    cookies = [value for name, value in item.response.headers if name.lower() == "set-cookie"]
    assert cookies == [
        "__cf_bm=[redacted]; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly",
        "b=[redacted], c=[redacted]; Secure",
    ]
    assert_gone(OPAQUE, item)


def test_R51_urls():
    def url(text):
        return Redactor().request(Request("GET", text))[0].url

    assert url(f"https://h.example/v1?key={OPAQUE}&alt=sse") == "https://h.example/v1?key=[redacted]&alt=sse"
    assert (
        url(f"https://me:{OPAQUE}@h.example:8443/v1?a=b@c")
        == "https://%5Bredacted%5D@h.example:8443/v1?a=b@c"
    )
    assert url(f"https://{OPAQUE}@h.example") == "https://%5Bredacted%5D@h.example"
    assert url(f"https://h/#access_token={OPAQUE}&x=1") == "https://h/#access_token=[redacted]&x=1"
    assert (
        url(f"https://h/?X-Amz-Security-Token={OPAQUE}&X-Amz-Date=1")
        == "https://h/?X-Amz-Security-Token=[redacted]&X-Amz-Date=1"
    )
    assert url(f"https://h/?api%5Fkey={OPAQUE}") == "https://h/?api%5Fkey=[redacted]"
    for plain in (
        "https://h/v1/files?pageToken=Abc123Def456Ghi789&pageSize=10",
        "https://h/v1?next_page_token=Abc123Def456Ghi789jkl&max_tokens=5&keyword=x&api-version=2024-10-21",
        "http://127.0.0.1:8080/openai/deployments/a?x=%5B1%5D&empty=&flag",
        "",
    ):
        assert url(plain) == plain


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "apiKey",
        "api-key",
        "apikey",
        "OPENAI_API_KEY",
        "access_token",
        "accessToken",
        "refresh_token",
        "id_token",
        "client_secret",
        "secret",
        "password",
        "Passwd",
        "passphrase",
        "credential",
        "credentials",
        "authorization",
        "SecretAccessKey",
        "aws_secret_access_key",
        "private_key",
        "sessionToken",
        "X-Api-Key",
        "cookie",
        "subscription_key",
        "x-amz-signature",
    ],
)
def test_R51_credential_fields_in_json_forms_and_multipart(name):
    redactor = Redactor()
    document = {
        "a": {name: OPAQUE, "list": [{name: [OPAQUE, "b" + OPAQUE]}]},
        "n": json.dumps({name: OPAQUE, "max_tokens": 7}),
    }
    for body in (
        json.dumps(document),
        json.dumps(document, indent=2),
        json.dumps(document, separators=(" , ", " : ")),
    ):
        item = redactor.interaction(interaction(body=body.encode(), reply=body.encode()))
        assert_gone(OPAQUE, item)
        assert json.loads(json.loads(item.response.body)["n"])["max_tokens"] == 7
    for content_type, body in (
        ("application/x-www-form-urlencoded", f"grant_type=x&{name}={OPAQUE}&scope=a+b"),
        (
            "multipart/form-data; boundary=B",
            f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{OPAQUE}\r\n--B--\r\n',
        ),
    ):
        changed, _ = Redactor().request(
            Request("POST", "https://h/", (("Content-Type", content_type),), body.encode())
        )
        assert OPAQUE.encode() not in changed.body
        assert len(changed.body) == len(body)


def test_R51_a_credential_is_removed_everywhere_it_turns_up():
    secret = 'p/Q+r"s=8Zt3VbN0 sLk'
    redactor = Redactor()
    first = interaction(headers=(("X-Api-Key", secret),))
    redactor.interaction(first)
    echoes = {
        "plain": secret,
        "json": json.dumps(secret),
        "json in json": json.dumps(json.dumps(secret)),
        "url": "a%3Db/"
        + base64.b16encode(b"x").decode()
        + "".join(f"%{b:02X}" if not chr(b).isalnum() else chr(b) for b in secret.encode()),
        "base64 0": base64.b64encode(secret.encode()).decode(),
        "base64 1": base64.b64encode(b"x" + secret.encode() + b"yz").decode(),
        "base64 2": base64.b64encode(b"xy" + secret.encode() + b"z").decode(),
        "url-safe": base64.urlsafe_b64encode(b"xyz" + secret.encode()).decode(),
    }
    for name, text in echoes.items():
        item = redactor.interaction(
            interaction(reply=f"you sent {text}!".encode(), reply_headers=(("Content-Type", "text/plain"),))
        )
        assert b"[redacted" in item.response.body, name
        assert item.response.body.startswith(b"you sent ")
        assert item.response.body.endswith(b"!")
        assert redactor.leaks(item) == ()
    assert redactor.leaks(interaction(reply=json.dumps({"echo": secret}).encode()))


def test_R51_basic_password_and_learnt_tokens_of_replies():
    redactor = Redactor()
    basic = base64.b64encode(f"user:{OPAQUE}".encode()).decode()
    token = "t0kenFromLogin12345"
    item = redactor.interaction(
        interaction(
            headers=(("Authorization", f"Basic {basic}"),),
            reply=json.dumps({"access_token": token, "echo": f"{OPAQUE} {basic}"}).encode(),
        )
    )
    for secret in (OPAQUE, basic, token):
        assert_gone(secret, item)
    later = redactor.interaction(interaction(body=json.dumps({"t": token}).encode()))
    assert_gone(token, later)


@pytest.mark.parametrize(
    "stand_in",
    [
        "test",
        "dummy",
        "EMPTY",
        "lm-studio",
        "not-needed",
        "test-key",
        "YOUR_API_KEY",
        "[redacted]",
        "placeholder",
    ],
)
def test_stand_ins_are_never_learnt(stand_in):
    redactor = Redactor()
    body = json.dumps({"text": f"a {stand_in} b", "model": f"x-{stand_in}"}).encode()
    item = interaction(headers=(("Authorization", f"Bearer {stand_in}"),), body=body, reply=body)
    changed = redactor.interaction(item)
    assert changed.request.body == changed.response.body == body
    assert header(changed.request.headers, "authorization") == "[redacted]"


def test_R51_error_text_metadata_summaries_and_reason():
    secret = SHAPED["openai_project"]
    redactor = Redactor()
    item = redactor.interaction(
        interaction(
            ended=Ended(
                How.CONNECT_ERROR, None, WireError("ConnectError", f"https://x/?key={secret} refused")
            ),
            metadata={"note": f"ran with {secret}", "deep": [{"api_key": OPAQUE, "n": 5}]},
            asks=f"my key is {secret}",
            reads_as=secret,
        )
    )
    assert_gone(secret, item)
    assert_gone(OPAQUE, item)
    assert item.metadata["deep"][0]["n"] == 5
    assert redactor.leaks(item) == ()


def delta(path, text, index=0):
    shapes = {
        "chat": {"id": "chatcmpl-1", "choices": [{"index": index, "delta": {"content": text}}]},
        "tool": {
            "choices": [
                {"index": 0, "delta": {"tool_calls": [{"index": index, "function": {"arguments": text}}]}}
            ]
        },
        "anthropic": {
            "type": "content_block_delta",
            "index": index,
            "delta": {"type": "input_json_delta", "partial_json": text},
        },
        "responses": {"type": "response.output_text.delta", "output_index": index, "delta": text},
        "gemini": {"candidates": [{"content": {"parts": [{"text": text}]}, "index": index}]},
    }
    return shapes[path]


def sse(events):
    return (
        b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"
    )


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("path", ["chat", "tool", "anthropic", "responses", "gemini"])
def test_R51_secrets_split_across_interleaved_deltas(path, size):
    secret, other = SHAPED["openai_project"], json.dumps({"password": OPAQUE, "city": "Paris"})
    texts = {0: f"The key is {secret}, keep it.", 1: other}
    pieces = {index: [text[i : i + size] for i in range(0, len(text), size)] for index, text in texts.items()}
    order = [(index, turn) for turn in range(len(texts[0])) for index in (0, 1) if turn < len(pieces[index])]
    events = [delta(path, pieces[index][turn], index) for index, turn in order]
    redactor = Redactor()
    reply = sse(events)
    item = redactor.interaction(
        interaction(reply=reply, reply_headers=(("content-type", "text/event-stream"),))
    )
    assert len(item.response.body) == len(reply)
    joined = {0: "", 1: ""}
    for (index, _), line in zip(order, item.response.body.split(b"\n\n"), strict=False):
        joined[index] += _text_of(path, json.loads(line.removeprefix(b"data: ")))
    assert joined[0].startswith("The key is [redacted~")
    assert joined[0].endswith("], keep it.")
    assert json.loads(joined[1])["city"] == "Paris"
    assert OPAQUE not in joined[1]
    assert redactor.leaks(item) == ()
    assert redactor.interaction(item) == item


def _text_of(path, event):
    if path == "chat":
        return event["choices"][0]["delta"]["content"]
    if path == "tool":
        return event["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"]
    if path == "anthropic":
        return event["delta"]["partial_json"]
    return event["delta"] if path == "responses" else event["candidates"][0]["content"]["parts"][0]["text"]


def test_R51_ndjson_and_known_values_split_across_lines():
    redactor = Redactor()
    words = ["say ", OPAQUE[:5], OPAQUE[5:11], OPAQUE[11:] + " now"]
    body = b"".join(
        json.dumps({"model": "m", "response": word, "done": False}).encode() + b"\n" for word in words
    )
    for content_type in ("application/x-ndjson", "application/json"):
        item = redactor.interaction(
            interaction(
                headers=(("x-api-key", OPAQUE),), reply=body, reply_headers=(("Content-Type", content_type),)
            )
        )
        text = "".join(json.loads(line)["response"] for line in item.response.body.splitlines())
        assert text == "say [redacted~~~~~~] now"
        assert len(item.response.body) == len(body)


def aws(payload):
    return encode_message(
        [EventHeader(":event-type", "chunk", 7), EventHeader(":message-type", "event", 7)], payload
    )


@pytest.mark.parametrize("wrapped", [False, True])
def test_R51_event_stream_payloads_with_checksums_made_anew(wrapped):
    secret = SHAPED["github"]
    texts = ["key: ", secret[:9], secret[9:], " and " + secret]
    payloads = [json.dumps({"contentBlockIndex": 0, "delta": {"text": text}}).encode() for text in texts]
    if wrapped:
        payloads = [
            json.dumps({"bytes": base64.b64encode(p).decode(), "p": "abcdef"}).encode() for p in payloads
        ]
    reply = b"".join(map(aws, payloads))
    redactor = Redactor()
    item = redactor.interaction(
        interaction(reply=reply, reply_headers=(("Content-Type", "application/vnd.amazon.eventstream"),))
    )
    body = item.response.body
    assert len(body) == len(reply)
    decoder = EventStreamDecoder()
    events = [e for e in decoder.feed(body) + decoder.close() if e.data is not None]
    assert len(events) == 4
    found = ""
    for event in events:
        assert decode_message(event.raw) is not None
        value = json.loads(event.data)
        found += json.loads(base64.b64decode(value["bytes"]) if wrapped else event.data)["delta"]["text"]
    assert found.startswith("key: [redacted~")
    assert secret not in found
    assert_gone(secret, item)
    assert redactor.leaks(item) == ()
    assert redactor.interaction(item) == item


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_R51_compressed_bodies_are_decoded_redacted_and_encoded_again(coding):
    secret = SHAPED["anthropic"]
    plain = json.dumps({"echo": f"you sent {secret}", "pad": "x" * 2000}).encode()
    body = plain
    for one in coding.split(", "):
        body = ENCODE[one](body)
    reply = Response(
        200,
        "OK",
        (
            ("Content-Type", "application/json"),
            ("Content-Encoding", coding),
            ("Content-Length", str(len(body))),
        ),
        body,
        (10, len(body) - 10),
    )
    redactor = Redactor()
    item = interaction(body=plain)
    item = type(item)("1", item.request, reply, item.ended, item.timing)
    changed = redactor.interaction(item)
    response = changed.response
    assert header(response.headers, "content-encoding") == coding
    assert header(response.headers, "content-length") == str(len(response.body))
    assert sum(response.chunks) == len(response.body)
    assert len(response.chunks) == 2
    assert len(decoded_body(response)) == len(plain)
    assert_gone(secret, changed)
    assert redactor.leaks(changed) == ()
    assert redactor.interaction(changed) == changed


def _brotli(data):
    return pytest.importorskip("brotli").compress(data)


def _zstd(data):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


ENCODE = {"gzip": gzip.compress, "deflate": zlib.compress, "br": _brotli, "zstd": _zstd}


def test_R51_unknown_coding_with_a_shown_view_is_stored_plain():
    plain = json.dumps({"echo": SHAPED["groq"]}).encode()
    reply = Response(
        200,
        "OK",
        (
            ("Content-Encoding", "x-secret-codec"),
            ("Content-Length", "4"),
            ("Content-Type", "application/json"),
        ),
        b"\x01\x02\x03\x04",
        (4,),
        decoded=plain,
    )
    item = interaction()
    changed = Redactor().interaction(type(item)("1", item.request, reply, item.ended, item.timing)).response
    assert header(changed.headers, "content-encoding") is None
    assert header(changed.headers, "content-length") == str(len(changed.body)) == str(len(plain))
    assert sum(changed.chunks) == len(plain)
    assert changed.decoded is None
    assert b"[redacted" in changed.body


def test_R51_a_body_that_only_says_it_is_gzip():
    plain = json.dumps({"echo": SHAPED["groq"]}).encode()
    item = Redactor().interaction(interaction(reply=plain, reply_headers=(("Content-Encoding", "gzip"),)))
    assert_gone(SHAPED["groq"], item)
    assert len(item.response.body) == len(plain)


def test_R51_binary_bodies_lose_known_values_and_loud_keys_only():
    blob = bytes(range(256)) * 400
    body = blob + OPAQUE.encode() + blob + SHAPED["anthropic"].encode() + blob
    item = Redactor().interaction(
        interaction(
            headers=(("api-key", OPAQUE),), reply=body, reply_headers=(("Content-Type", "image/png"),)
        )
    )
    assert_gone(OPAQUE, item)
    assert_gone(SHAPED["anthropic"], item)
    assert item.response.body.count(bytes(range(256))) >= 1198
    assert len(item.response.body) == len(body)


def test_R30_hop_by_hop_fields_stay_and_nominated_ones_lose_their_value():
    headers = (
        ("X-Private-Hop", OPAQUE),
        ("Connection", "keep-alive, X-Private-Hop"),
        ("Connection", "X-Later"),
        ("Keep-Alive", "timeout=5"),
        ("X-Later", "1234"),
        ("Transfer-Encoding", "chunked"),
        ("Proxy-Authorization", f"Basic {OPAQUE}"),
        ("TE", "trailers"),
    )
    item = Redactor().interaction(interaction(headers=headers, reply_headers=headers))
    for fields in (item.request.headers, item.response.headers):
        after = dict((name, value) for name, value in fields if name != "Connection")
        assert after["X-Private-Hop"] == after["X-Later"] == after["Proxy-Authorization"] == "[redacted]"
        assert (after["Keep-Alive"], after["Transfer-Encoding"], after["TE"]) == (
            "timeout=5",
            "chunked",
            "trailers",
        )
        assert [value for name, value in fields if name == "Connection"] == [
            "keep-alive, X-Private-Hop",
            "X-Later",
        ]
    assert_gone(OPAQUE, item)
