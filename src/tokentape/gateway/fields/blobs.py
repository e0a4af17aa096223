"""Thoughts and seals as JSON, so that any store can keep them, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Reasoning
from tokentape.protocols.canonical.origin import Maker, Opaque, Origin
from tokentape.protocols.reading import fields, objects, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def sealed(blob: Opaque) -> Json:
    """A blob with who made it."""
    maker = blob.maker
    return {
        "kind": blob.kind,
        "data": blob.data,
        "provider": maker.provider,
        "family": maker.family,
        "credential": maker.credential,
    }


def unsealed(json: Fields) -> Opaque:
    """The blob again."""
    credential = json.get("credential")
    maker = Maker(text(json.get("provider")), text(json.get("family")), text(credential) or None)
    return Opaque(text(json.get("kind")), json.get("data"), maker)


def written_thought(item: Reasoning) -> Json:
    """A thought, with how its dialect had written it."""
    origin = item.origin
    return {
        "text": item.text,
        "summary": list(item.summary),
        "id": item.id,
        "opaque": [sealed(blob) for blob in item.opaque],
        "protocol": origin.protocol if origin else None,
        "rest": dict(origin.rest) if origin else None,
        "spelling": dict(origin.spelling) if origin else None,
    }


def read_thought(json: Fields, beside: Origin | None) -> Reasoning:
    """The thought again, as part of the message `beside` which it stands."""
    summary = json.get("summary")
    return Reasoning(
        text(json.get("text")),
        tuple(map(text, summary if isinstance(summary, list) else ())),
        tuple(unsealed(each) for each in objects(json.get("opaque") or [])),
        text(json.get("id")) or None,
        _origin(json, beside),
    )


def _origin(json: Fields, beside: Origin | None) -> Origin | None:
    """Where it belongs: to the message it stands beside, if that is of its dialect, else to none."""
    protocol = text(json.get("protocol"))
    if not protocol:
        return None
    own = beside is not None and beside.protocol == protocol
    path, turn = (beside.path, beside.turn) if beside is not None and own else ((), None)
    return Origin(protocol, path, fields(json.get("rest")), fields(json.get("spelling")), turn)
