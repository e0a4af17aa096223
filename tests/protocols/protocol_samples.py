"""The real samples as requests and responses, read without our own importer."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tokentape.wire.message import Headers, Request, Response

ROOT = Path(__file__).parents[1] / "samples"


@dataclass(frozen=True)
class Sample:
    """One interaction and its row of the index. `id`: number of the file and of the interaction."""

    id: str
    row: dict[str, str]
    request: Request
    response: Response


@cache
def samples() -> tuple[Sample, ...]:
    """All 200 of them, in order."""
    with (ROOT / "index.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    documents: dict[str, Any] = {}
    found = []
    for row in rows:
        name = Path(row["file"]).name
        if name not in documents:
            documents[name] = yaml.load((ROOT / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        entry = documents[name]["interactions"][int(row["interaction"])]
        found.append(Sample(f"{name[:3]}-{row['interaction']}", row, _request(entry), _response(entry)))
    return tuple(found)


def streamed() -> list[Sample]:
    """Those whose reply is a stream."""
    return [sample for sample in samples() if sample.row["streaming"] == "True"]


def _request(entry: dict[str, Any]) -> Request:
    asked = entry["request"]
    return Request(asked["method"], asked["uri"], _headers(asked.get("headers")), _bytes(asked.get("body")))


def _response(entry: dict[str, Any]) -> Response:
    reply = entry["response"]
    status = reply.get("status", reply.get("status_code"))
    code = status["code"] if isinstance(status, dict) else status
    body = reply.get("body", reply.get("content"))
    data = _bytes(body.get("string") if isinstance(body, dict) else body)
    return Response(int(code), "", _headers(reply.get("headers")), data, (len(data or b""),))


def _headers(found: dict[str, Any] | None) -> Headers:
    return tuple(
        (name, str(value))
        for name, values in (found or {}).items()
        for value in (values if isinstance(values, list) else [values])
    )


def _bytes(body: str | bytes | None) -> bytes | None:
    return body.encode() if isinstance(body, str) else body
