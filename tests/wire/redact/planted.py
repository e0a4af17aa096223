"""Secrets to plant, and ways to look whether one is left. All values are made up."""

from __future__ import annotations

import base64
import contextlib
import json
import pickle
from urllib.parse import quote, unquote_to_bytes

from tokentape.wire import body as bodies
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response
from tokentape.wire.redact import eventframes

TAIL = "9fK2mQ7xLw4RtZ8vB1nC"  # twenty characters of a key

SHAPED = {
    "openai": f"sk-{TAIL}T3BlbkFJ{TAIL}",
    "openai_project": f"sk-proj-{TAIL}_{TAIL}-{TAIL}",
    "anthropic": f"sk-ant-api03-{TAIL}-{TAIL}_AA",
    "openrouter": f"sk-or-v1-{'0a1b2c3d' * 8}",
    "gemini": f"AIzaSy{TAIL}{TAIL[:13]}",
    "groq": f"gsk_{TAIL}{TAIL}",
    "huggingface": f"hf_{TAIL}{TAIL[:14]}",
    "xai": f"xai-{TAIL}{TAIL}{TAIL}{TAIL}",
    "aws_id": "AKIAQ7XLW4RTZ8VB1NC2",
    "aws_session_id": "ASIAQ7XLW4RTZ8VB1NC2",
    "github": f"ghp_{TAIL}{TAIL[:16]}",
    "github_oauth": f"gho_{TAIL}{TAIL[:16]}",
    "github_fine": f"github_pat_11ABCDE0Y0{TAIL}_{TAIL}{TAIL}",
    "gitlab": f"glpat-{TAIL}",
    "slack": f"xoxb-123456789012-1234567890123-{TAIL}",
    "replicate": f"r8_{TAIL}{TAIL[:17]}",
    "perplexity": f"pplx-{TAIL}{TAIL}",
    "cerebras": f"csk-{TAIL.lower()}{TAIL.lower()}",
    "together": f"tgp_v1_{TAIL}-{TAIL}",
    "nvidia": f"nvapi-{TAIL}_{TAIL}{TAIL}",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "fireworks": f"fw_{TAIL}{TAIL[:2]}",
    "realtime": f"ek_{TAIL.lower()}{TAIL.lower()}",
    "bedrock": f"ABSK{base64.b64encode((TAIL * 3).encode()).decode()}",
}
"""Keys that show by their shape alone."""

PEM = "\n".join(
    (
        "-----BEGIN RSA PRIVATE KEY-----",
        TAIL * 3 + "/+" + TAIL[:2],
        TAIL * 2 + "==",
        "-----END RSA PRIVATE KEY-----",
    )
)
OPAQUE = "q8Zt3VbN0sLk5WyR"  # a secret without a shape, told only by where it stands


def interaction(
    *, url="https://api.example.com/v1/x", headers=(), body=b"{}", reply=b"{}", reply_headers=(), **more
):
    kind = (("Content-Type", "application/json"),)
    has_type = any(name.lower() == "content-type" for name, _ in reply_headers)
    response = Response(
        200,
        "OK",
        (*(() if has_type else kind), *reply_headers),
        reply,
        (len(reply),),
        more.pop("trailers", ()),
    )
    request = Request(
        "POST", url, (*(() if any(n == "Content-Type" for n, _ in headers) else kind), *headers), body
    )
    ended = more.pop("ended", Ended(How.EOF))
    return Interaction("1", request, response, ended, Timing("2026-01-01T00:00:00.000000Z"), **more)


def everything(item):
    """All bytes of an interaction, as stored, decoded, unescaped, percent-decoded and joined."""
    raw = repr(item).encode("utf-8", "backslashreplace") + pickle.dumps(item)
    views = [raw, unquote_to_bytes(raw)]
    for message in (item.request, item.response):
        view = bodies.decoded_body(message) or b""
        views += [message.body or b"", view, *eventframes.texts(view)]
        views.append(_leaves(view))
    return b"\n".join(views)


def _leaves(view):
    try:
        found, stack = [], [json.loads(view)]
    except ValueError:
        return b""
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            found.append(item)
            with contextlib.suppress(ValueError):
                stack.append(json.loads(item))
        elif isinstance(item, dict):
            stack += [*item, *item.values()]
        elif isinstance(item, list):
            stack += item
    return "\n".join(found).encode("utf-8", "surrogatepass")


def assert_gone(secret, item):
    """No form of `secret` is in `item`, and no half of it either."""
    data = everything(item)
    plain = secret.encode()
    for form in (
        plain,
        quote(secret, safe="").encode(),
        base64.b64encode(plain).rstrip(b"="),
        plain[: len(plain) // 2 + 4],
    ):
        assert form not in data, form
