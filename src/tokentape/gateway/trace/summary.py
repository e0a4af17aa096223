"""What a list shows of a trace: one line in the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

_SHOWN = ("client", "model", "upstream", "dialect", "operation", "session", "attempts", "replayed")
_LONGEST = 200


def summary(document: dict[str, Json]) -> dict[str, Json]:
    """`id`, `at`, `status`, `ms`, who asked whom, `tokens` and `cost`; short, whatever the trace holds."""
    about = fields(document.get("about"))
    found: dict[str, Json] = {name: document.get(name) for name in ("id", "at", "status", "ms")}
    found |= {name: _short(about.get(name)) for name in _SHOWN if about.get(name) not in (None, "")}
    usage = fields(about.get("usage"))
    if usage:
        found["tokens"] = [usage.get("input"), usage.get("output")]
    cost = about.get("cost")
    usd = at(cost, "usd") if isinstance(cost, dict) else cost
    if usd is not None:
        found["cost"] = _short(usd)
    if about.get("error"):
        found["error"] = _short(about["error"])
    return found


def _short(value: Json) -> Json:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
