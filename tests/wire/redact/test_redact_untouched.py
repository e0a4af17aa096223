"""What must never be redacted: a wrong hit destroys replay data."""

from __future__ import annotations

import base64
import json
import random
import uuid
from pathlib import Path

import pytest
from planted import TAIL, interaction

from tokentape.wire.body import decoded_body
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response
from tokentape.wire.redact import Redactor

RANDOM = random.Random(7)
BLOB = base64.b64encode(RANDOM.randbytes(3000)).decode()
URL_BLOB = base64.urlsafe_b64encode(RANDOM.randbytes(3000)).decode()

CORPUS = {
    "counts": {
        "max_tokens": 100,
        "usage": {"total_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1}},
        "password": 5,
        "secret": None,
    },
    "tool schema": {
        "tools": [
            {
                "name": "set_key",
                "input_schema": {
                    "type": "object",
                    "properties": {
                        "key": {"type": "string", "description": "the key"},
                        "api_key": {"type": "string"},
                        "token": {"type": "string", "default": "abc"},
                        "password": {"description": "a password of 12 characters"},
                    },
                    "required": ["key", "api_key", "token"],
                },
            }
        ]
    },
    "schema words": {"properties": {"api_key": "string", "password": "required"}},
    "arguments": {"arguments": json.dumps({"key": "user:42:name", "value": "x", "keyword": "secret santa"})},
    "cursors": {
        "next_page_token": f"tok{TAIL}",
        "nextPageToken": TAIL,
        "nextToken": TAIL,
        "pageToken": TAIL,
        "continuation_token": TAIL,
    },
    "logprobs": {
        "content": [
            {"token": " sk", "logprob": -0.1, "bytes": [32]},
            {"token": "Bearer"},
            {"token": "ght_token"},
        ]
    },
    "special tokens": {
        "eos_token": "<|endoftext|>",
        "bos_token": "<s>",
        "pad_token": "[PAD]",
        "tokenizer": "cl100k_base",
    },
    "cache keys": {
        "prompt_cache_key": f"user-{TAIL}",
        "idempotency_key": TAIL,
        "cache_key": TAIL,
        "public_key": TAIL,
        "primary_key": "id",
    },
    "ids": {
        "id": f"chatcmpl-{TAIL}{TAIL}",
        "ids": [
            f"msg_01{TAIL}",
            f"call_{TAIL}",
            f"toolu_01{TAIL}",
            f"resp_{TAIL * 2}",
            f"rs_{TAIL * 2}",
            f"fc_{TAIL}",
            f"run-{TAIL}",
            f"file-{TAIL}",
            f"req_{TAIL}",
            f"gen-{TAIL}",
            f"fp_{TAIL}",
        ],
        "system_fingerprint": "fp_44709d6fcb",
        "responseId": TAIL,
    },
    "hashes": {
        "sha": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "text": "commit 9fceb02d0ae598e95dc970b74767f19372d61af8, md5 d41d8cd98f00b204e9800998ecf8427e",
        "key": "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "token": str(uuid.UUID(int=RANDOM.getrandbits(128))),
    },
    "thinking": {
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": BLOB},
            {"type": "redacted_thinking", "data": BLOB},
        ]
    },
    "thinking first": {"signature": URL_BLOB, "thinking": "hm", "type": "thinking"},
    "signature delta": {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "signature_delta", "signature": BLOB},
    },
    "bedrock reasoning": {
        "reasoningContent": {"reasoningText": {"text": "hm", "signature": BLOB}},
        "redactedContent": BLOB,
    },
    "encrypted": {"type": "reasoning", "encrypted_content": "gAAAAA" + URL_BLOB, "summary": []},
    "encrypted jwe": {"encrypted_content": f"eyJ{TAIL}.eyJ{TAIL}.{TAIL}"},
    "hostile blob": {"encrypted_content": f"gAAAAAB{TAIL}/AKIAQ7XLW4RTZ8VB1NC2+sk-proj-{TAIL}"},
    "thought": {"parts": [{"text": "", "thoughtSignature": BLOB}, {"thought_signature": URL_BLOB}]},
    "media": {
        "b64_json": BLOB,
        "inlineData": {"mimeType": "image/png", "data": BLOB},
        "url": f"data:image/png;base64,{BLOB}",
    },
    "words": {
        "text": "sk-learn-contrib, disk-encryption-at-rest-with-luks, task_scheduler_for_the_cluster, ask-me-anything-about-this-topic"
    },
    "prose": {
        "text": "Send a Bearer token. Basic information. The password: it depends. key = value. Authorization: required. Bearer YOUR_API_KEY"
    },
    "code": {
        "text": "client = OpenAI(api_key=os.environ['OPENAI_API_KEY'], token=get_token())\nkey=lambda item: item[1]; sorted(xs, key=len)"
    },
    "function signature": {"signature": "def f(a: int, b: str) -> None", "name": "f"},
    "urls": {
        "text": "see https://example.com/a?page=2&size=10#top and user@example.com, http://[::1]:80/x?v=1"
    },
    "models": {
        "model": "pplx-70b-online",
        "models": ["hf_model", "gsk_model", "xai-grok", "r8_x", "fw_small"],
    },
    "base64 in text": {"text": f"{BLOB} {URL_BLOB}"},
}


@pytest.mark.parametrize("name", CORPUS)
def test_nothing_is_redacted(name):
    for indent in (None, 2):
        body = json.dumps(CORPUS[name], indent=indent).encode()
        nested = json.dumps({"arguments": body.decode()}).encode()
        for one in (body, nested, b"data: " + json.dumps(CORPUS[name]).encode() + b"\n\n"):
            redactor = Redactor()
            item = interaction(body=one, reply=one)
            assert redactor.interaction(item) == item
            assert redactor.leaks(item) == ()


def test_random_base64_and_hex_are_left_alone():
    for seed in range(20):
        data = random.Random(seed).randbytes(60_000)
        body = json.dumps(
            {
                "a": base64.b64encode(data).decode(),
                "b": base64.urlsafe_b64encode(data).decode(),
                "c": data.hex(),
            }
        )
        item = interaction(reply=body.encode())
        assert Redactor().interaction(item) == item


def test_opaque_fields_stay_while_a_secret_beside_them_goes():
    body = json.dumps({"encrypted_content": f"sk-proj-{TAIL}{TAIL}", "text": f"sk-proj-{TAIL}{TAIL}"})
    after = json.loads(Redactor().interaction(interaction(reply=body.encode())).response.body)
    assert after["encrypted_content"] == f"sk-proj-{TAIL}{TAIL}"
    assert after["text"].startswith("[redacted~")


def test_a_signature_outside_reasoning_is_a_credential():
    body = json.dumps({"event": "x", "signature": f"v1{TAIL}{TAIL}"})
    assert TAIL.encode() not in Redactor().interaction(interaction(reply=body.encode())).response.body


yaml = pytest.importorskip("yaml")
SAMPLES = Path(__file__).parents[2] / "samples"


def recorded(path):
    """The interactions of one sample file."""
    for item in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["interactions"]:
        asked, came = item["request"], item["response"]
        body = _bytes(came.get("body", came.get("content")))
        status = (came.get("status") or {"code": came.get("status_code")})["code"]
        request = Request(asked["method"], asked["uri"], _fields(asked["headers"]), _bytes(asked.get("body")))
        response = Response(status, "", _fields(came["headers"]), body, (len(body or b""),))
        yield Interaction("x", request, response, Ended(How.EOF), Timing("2026-01-01T00:00:00.000000Z"))


def _fields(headers):
    return tuple(
        (name, str(value))
        for name, values in (headers or {}).items()
        for value in (values if isinstance(values, list) else [values])
    )


def _bytes(body):
    body = body.get("string") if isinstance(body, dict) else body
    return body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body


EXPECTED = {"credential", "cookie", "organization"}
"""All that is found in the samples: header fields, since they were cleaned before they came here."""


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_real_samples_lose_headers_only(path):
    for item in recorded(path):
        redactor = Redactor()
        after = redactor.interaction(item)
        assert {finding.kind for finding in after.redacted} <= EXPECTED
        assert all(".headers." in finding.where for finding in after.redacted)
        assert decoded_body(after.request) == decoded_body(item.request)
        assert after.response.body == item.response.body
        assert after.request.url == item.request.url
        assert redactor.leaks(after) == ()
        assert redactor.interaction(after) == after
        assert redactor.request(after.request) == (after.request, ())


def _is_json(body):
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def test_planted_in_every_sample_and_gone_again():
    """A secret put into the first text of each JSON reply is found, and the reply parses again."""
    planted = 0
    for path in sorted(SAMPLES.glob("*.yaml")):
        for item in recorded(path):
            body = decoded_body(item.response) or b""
            if b'"text":"' not in body or not _is_json(body):
                continue
            reply = body.replace(b'"text":"', b'"text":"gsk_' + TAIL.encode() + b" ", 1)
            after = Redactor().interaction(interaction(reply=reply)).response.body
            assert TAIL.encode() not in after
            assert len(after) == len(reply)
            json.loads(after)
            planted += 1
    assert planted >= 5
