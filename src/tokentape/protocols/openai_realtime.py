"""OpenAI Realtime over HTTP: session secrets and WebRTC offers. The conversation itself goes elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation

if TYPE_CHECKING:
    from tokentape.protocols.call import Call


def recognise(call: Call) -> Operation | None:
    """`realtime`, or what comes below it: `client_secrets`, `calls`, `sessions`."""
    if "realtime" not in call.segments or not call.is_post:
        return None
    name = ".".join(["realtime", *call.after("realtime")[:1]])
    return Operation("openai.realtime", name, Kind.OTHER, model=call.model)


DIALECT = Dialect("openai.realtime", recognise)
