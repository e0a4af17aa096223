"""Interactions to write and read, and the bodies of the samples."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import yaml

from tokentape.cassettes.format import layout
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

SAMPLES = Path(__file__).parents[2] / "samples"
SSE = (("Content-Type", "text/event-stream"), ("X-Request-Id", "r1"))
JSON = (("Content-Type", "application/json"),)


def call(body: bytes | None = b"{}", headers=JSON, **more) -> Interaction:
    """A recorded call with this reply body."""
    asked = {"model": "m", "messages": [{"role": "user", "content": "Capital of France?"}]}
    request = Request("POST", "https://api.openai.com/v1/chat", JSON, json.dumps(asked).encode())
    chunks = () if not body else (len(body),)
    given = {
        "id": "7c1e90ab",
        "request": request,
        "response": Response(200, "OK", headers, body, chunks),
        "ended": Ended(How.EOF),
        "timing": Timing("2026-11-21T09:30:00.000001Z", 12, (3,)),
        "key": "5c1e" * 6,
        "exact": "ab41" * 4,
    }
    return Interaction(**{**given, **more})


def parse(block: str, path: str, line=None) -> Interaction:
    """The interaction of a block that is given as text."""
    return layout.parse(block.encode(), path, line)


def with_id(block: str, id: str) -> str:
    """The block under another id, as text."""
    return b"".join(layout.with_id((block.encode(),), id)).decode()


def stream(count: int = 3) -> bytes:
    """A Chat stream with its end."""
    lines = [
        b"data: " + json.dumps({"id": "c", "choices": [{"delta": {"content": f"w{n} "}}]}).encode() + b"\n\n"
        for n in range(count)
    ]
    return b"".join([*lines, b"data: [DONE]\n\n"])


@cache
def sample_bodies() -> list[tuple[str, tuple[tuple[str, str], ...], bytes]]:
    """Every request and response body of the samples: where it is from, its headers, its bytes."""
    found = []
    for path in sorted(SAMPLES.glob("*.yaml")):
        listed = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)["interactions"]
        for number, each in enumerate(listed):
            for side in ("request", "response"):
                body = _bytes(each[side])
                if body:
                    found.append((f"{path.stem}/{number}/{side}", _headers(each[side]), body))
    return found


def _bytes(message: dict[str, object]) -> bytes | None:
    body = message.get("body", message.get("content"))
    body = body.get("string") if isinstance(body, dict) else body
    return body.encode() if isinstance(body, str) else body


def _headers(message: dict[str, object]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for name, value in (message.get("headers") or {}).items():
        pairs += [(name, str(item)) for item in (value if isinstance(value, list) else [value])]
    return tuple(pairs)
