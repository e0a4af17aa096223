"""The requests of the real recordings under tests/samples, as a recorder would see them after redaction."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tokentape.wire.message import Request

FOLDER = Path(__file__).parents[1] / "samples"


@cache
def sample_requests() -> dict[str, Request]:
    """All 200, by `file#number`."""
    yaml = pytest.importorskip("yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        tape = yaml.load(path.read_text(encoding="utf-8"), loader)
        for number, interaction in enumerate(tape["interactions"]):
            found[f"{path.stem}#{number}"] = _request(interaction["request"])
    return found


def _request(asked: dict) -> Request:
    headers = tuple(
        (name, str(value))
        for name, values in (asked.get("headers") or {}).items()
        for value in (values if isinstance(values, list) else [values])
    )
    body = asked.get("body")
    body = body.encode() if isinstance(body, str) else body
    return Request(asked["method"], asked["uri"], headers, body)
