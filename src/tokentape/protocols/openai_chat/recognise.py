"""Chat Completions by path: `chat/completions` under any base, and the two spellings that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Kind, Operation

if TYPE_CHECKING:
    from tokentape.protocols.call import Call


def recognise(call: Call) -> Operation | None:
    """A chat call; or the list of stored ones, which asks nothing of a model."""
    if not call.is_post:
        return _stored(call)
    if (call.last == "completions" and call.parent in {"chat", "agents"}) or _is_chat_by_body(call):
        return Operation("openai.chat", "create", Kind.GENERATE, call.streams, deployment(call) or call.model)
    return None


def _is_chat_by_body(call: Call) -> bool:
    """Writer says `/v1/chat`, Databricks and others `/serving-endpoints/NAME/invocations`."""
    if not call.has_list("messages"):
        return False
    if call.last == "chat":
        return call.parent == "v1" and "message" not in call.fields
    return call.last == "invocations" and "serving-endpoints" in call.segments


def deployment(call: Call) -> str | None:
    """Azure names the model in the path, whatever the body says: `/openai/deployments/NAME/...`."""
    after = call.after("deployments")
    return after[0] if after else None


def _stored(call: Call) -> Operation | None:
    if call.method in {"GET", "DELETE"} and call.after("chat")[:1] == ["completions"]:
        return Operation("openai.chat", "stored", Kind.META)
    return None
