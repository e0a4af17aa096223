"""The form of the answer, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tokentape.protocols.canonical.conversation import OutputFormat
from tokentape.protocols.canonical.origin import NOTHING, Origin
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.reading import fields

if TYPE_CHECKING:
    from tokentape.protocols.checking import Where
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SCHEMA = frozenset({"name", "description", "schema", "strict"})


def read_output(value: Json, where: Where) -> OutputFormat | None:
    """`response_format`; None for a type that is not known, which stays where it was.

    Together and Fireworks take a schema with `json_object`.
    """
    path = ("response_format",)
    told = where.fields(value, *path)
    kind = told.get("type")
    if kind == "json_schema":
        inner = where.fields(told.get("json_schema"), *path, "json_schema")
        rest: Fields = {key: said for key, said in told.items() if key not in ("type", "json_schema")}
        if more := {key: said for key, said in inner.items() if said is None or key not in _SCHEMA}:
            rest["json_schema"] = more
        return OutputFormat(
            "schema",
            inner.get("schema"),
            where.text_or_none(inner.get("name"), *path, "json_schema", "name"),
            where.text_or_none(inner.get("description"), *path, "json_schema", "description"),
            where.flag_or_none(inner.get("strict"), *path, "json_schema", "strict"),
            Origin(NAME, path, rest),
        )
    if kind not in ("text", "json_object"):
        return None
    rest = {key: said for key, said in told.items() if key not in ("type", "schema") or said is None}
    if kind == "json_object" and told.get("schema") is not None:
        return OutputFormat("schema", told["schema"], origin=Origin(NAME, path, rest, {"as": "json_object"}))
    shown: Literal["text", "json"] = "text" if kind == "text" else "json"
    if kind == "text" and "schema" in told:
        rest["schema"] = told["schema"]
    return OutputFormat(shown, origin=Origin(NAME, path, rest))


def write_output(output: OutputFormat, target: Target, own: bool) -> Fields:
    """`response_format`."""
    origin = output.origin if own else None
    rest, spelling = (origin.rest, origin.spelling) if origin else (NOTHING, NOTHING)
    takes = target.quirks.output
    if output.kind == "text":
        return {**rest, "type": "text"}
    if output.kind == "json" and "json" not in takes:
        return {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
    if output.kind == "json" or "schema" not in takes:
        if output.kind == "schema":
            target.losses.meaning(output.origin, "output schema", "the server takes no schema, only JSON")
        return {**rest, "type": "json_object"}
    if spelling.get("as") == "json_object":
        return {**rest, "type": "json_object", "schema": output.schema}
    inner: Fields = dict(fields(rest.get("json_schema")))
    if output.name is not None or not own:
        inner["name"] = output.name or "answer"
    for name, value in (
        ("description", output.description),
        ("schema", output.schema),
        ("strict", output.strict),
    ):
        if value is not None:
            inner[name] = value
    return {**rest, "type": "json_schema", "json_schema": inner}
