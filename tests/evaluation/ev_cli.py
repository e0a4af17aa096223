"""A migration by the command line: upstreams at the bundled provider, in every dialect, and what they know."""

from __future__ import annotations

import json

from ev_asking import BASES, MODELS

from cli_runs import run
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.testing.provider import Call, References, Turn

NAMES = {
    "chat": "openai.chat",
    "responses": "openai.responses",
    "claude": "anthropic.messages",
    "gemini": "gemini",
    "converse": "bedrock.converse",
    "cohere": "cohere",
    "ollama": "ollama",
}
"""Upstreams by name, and the dialect that each speaks."""
TARGETS = {f"{name}/{MODELS[dialect]}": dialect for name, dialect in NAMES.items()}
PRICES = {
    model: (0.5 + number, 3.0 + number) for number, model in enumerate(MODELS.values()) if model != "llama3.2"
}
"""USD for a million tokens in, and out. Nobody has a price for one of them."""


def declared(provider, path, names=NAMES, **more):
    """A gateway's file at `path` with the upstreams; its path."""
    lines = []
    for name, dialect in {**{name: NAMES[name] for name in names}, **more}.items():
        url = provider.url + BASES.get(dialect, "")
        lines += [f"[upstreams.{name}]", f'dialect = "{dialect}"', f'base_url = "{url}"', 'auth = "none"', ""]
    for model, (into, out) in PRICES.items():
        lines += [f'[prices."{model}"]', 'unit = "1M"', f"input = {into}", f"output = {out}", ""]
    path.write_text("\n".join(lines))
    return path


def migrate(corpus, config, *options, targets=TARGETS, **environment):
    """`tokentape migrate`; the finished process."""
    named = [word for name in targets for word in ("--target", name)]
    return run("migrate", corpus, "--config", config, *named, *options, **environment)


def knowing(rows):
    """What the recorded models answered, by what the user said last."""
    known = References()
    for row in rows:
        if row.conversation is None or row.reply is None:
            continue
        said = [
            item for item in row.conversation.items if isinstance(item, Message) and item.role is Role.USER
        ]
        if said:
            asked = "".join(part.text for part in said[-1].parts if isinstance(part, Text))
            known.add(asked, _turn(row.reply), given=_given(row.conversation.items))
    return known


def _turn(reply):
    parts = [part for item in reply.items if isinstance(item, Message) for part in item.parts]
    text = "".join(part.text for part in parts if isinstance(part, Text | Refusal))
    calls = [item for item in reply.items if isinstance(item, ToolCall)]
    return Turn(text, tuple(Call(call.name, _arguments(call.arguments)) for call in calls))


def _arguments(text):
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _given(items):
    """A word of the last result; "" where the conversation does not end with one."""
    last = items[-1]
    if not isinstance(last, ToolResult):
        return ""
    text = "".join(part.text for part in last.parts if isinstance(part, Text))
    return next((word for word in text.split() if word.isalnum()), "")
