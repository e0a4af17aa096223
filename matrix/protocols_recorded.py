"""What is lost of recorded calls: the samples in `tests/samples`, translated to each dialect."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from matrix.protocols_cells import MODELS
from tokentape.errors import ProtocolError
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.dialect import Kind
from tokentape.protocols.registry import recognise
from tokentape.protocols.translation import codec_of, translate_reply, translate_request
from tokentape.wire.jsontext import JsonError, parse
from tokentape.wire.message import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.losses import Loss

SAMPLES = Path(__file__).parents[1] / "tests" / "samples"


def losses_of_recordings(source: str, target: str) -> Iterator[tuple[str, Loss]]:
    """Each loss of each recorded request and whole reply of `source`."""
    for name, model, body, reply in recorded(source):
        to = Target(target, model=MODELS[target])
        translate_request(body, Source(source, model=model), to, allow_losses=True)
        for loss in to.losses.found:
            yield f"recorded request {name}", loss
        if reply is not None:
            to = Target(target, model=MODELS[target])
            translate_reply(reply, Source(source, model=model), to)
            for loss in to.losses.found:
                yield f"recorded reply {name}", loss


@cache
def recorded(dialect: str) -> tuple[tuple[str, str | None, dict[str, Any], dict[str, Any] | None], ...]:
    """The recorded calls that a dialect's codec reads: number, model, request, whole reply."""
    return tuple(call for found, call in _calls() if found == dialect)


@cache
def _calls() -> tuple[tuple[str, Any], ...]:
    with (SAMPLES / "index.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    documents: dict[str, Any] = {}
    found = []
    for row in rows:
        name = Path(row["file"]).name
        if name not in documents:
            documents[name] = yaml.load((SAMPLES / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        entry = documents[name]["interactions"][int(row["interaction"])]
        if (call := _call(name[:3], entry)) is not None:
            found.append(call)
    return tuple(found)


def _call(name: str, entry: dict[str, Any]) -> tuple[str, Any] | None:
    asked = entry["request"]
    body = asked.get("body")
    request = Request(
        asked["method"],
        asked["uri"],
        _headers(asked.get("headers")),
        body.encode() if isinstance(body, str) else body,
    )
    found = recognise(request)
    operation = found.operation
    is_read = operation.dialect in MODELS and operation.kind is Kind.GENERATE and isinstance(found.body, dict)
    if not is_read or not _is_read(operation.dialect, operation.model, found.body):
        return None
    reply = None if operation.stream else _reply(operation.dialect, operation.model, entry["response"])
    return operation.dialect, (name, operation.model, found.body, reply)


def _headers(found: dict[str, Any] | None) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, str(value))
        for name, values in (found or {}).items()
        for value in (values if isinstance(values, list) else [values])
    )


def _is_read(dialect: str, model: str | None, body: Any) -> bool:
    """False for other operations of a dialect's provider, which no codec reads."""
    try:
        codec_of(dialect).read_request(body, Source(dialect, model=model))
    except ProtocolError:
        return False
    return True


def _reply(dialect: str, model: str | None, entry: dict[str, Any]) -> Any:
    told = entry.get("body", entry.get("content"))
    data = told.get("string") if isinstance(told, dict) else told
    try:
        body = parse(data) if data else None
        codec_of(dialect).read_reply(body, Source(dialect, model=model))  # type: ignore[arg-type]
    except (ProtocolError, JsonError, UnicodeError):
        return None
    status = entry.get("status", entry.get("status_code"))
    return body if (status["code"] if isinstance(status, dict) else status) == 200 else None
