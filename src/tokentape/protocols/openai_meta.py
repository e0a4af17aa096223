"""Model lists of OpenAI and of everyone who copied them: `GET /v1/models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.call import decoded
from tokentape.protocols.dialect import Dialect, Kind, Operation
from tokentape.protocols.hosts import is_local, is_provider, is_shared
from tokentape.protocols.reading import at, objects

if TYPE_CHECKING:
    from tokentape.protocols.call import Call
    from tokentape.wire.interaction import Json


def recognise(call: Call) -> Operation | None:
    """`models` or `models/NAME` at a provider or a local server, and not asked for an answer."""
    if "models" not in call.segments or call.is_post or not _is_ours(call.host):
        return None
    name = "/".join(decoded(part) for part in call.after("models"))
    return Operation("openai.meta", "models", Kind.META, model=name or None)


def _is_ours(host: str) -> bool:
    return is_provider(host) or is_local(host) or is_shared(host)


def reads_as(reply: Json) -> str:
    """How many models there are."""
    count = len(list(objects(at(reply, "data")))) if isinstance(at(reply, "data"), list) else 0
    return f"{count} models" if count else ""


DIALECT = Dialect("openai.meta", recognise, reads_as=reads_as)
