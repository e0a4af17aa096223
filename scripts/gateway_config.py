"""The tables of docs/reference/gateway-config.md, from the models.

`python scripts/gateway_config.py` writes them. A test holds the page to what this gives.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator

from tokentape.gateway.config import upstreams
from tokentape.gateway.config.document import Document
from tokentape.gateway.config.printing import toml_value
from tokentape.gateway.config.routes import Targets
from tokentape.gateway.config.values import Bytes, Seconds, Secret, Table
from tokentape.gateway.config.wording import is_map, model_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "gateway-config.md"
START = "## The tables\n"
INTRO = """
<!-- From here on the page is written by scripts/gateway_config.py -->

*time*: seconds, or a text such as `"250ms"`, `"30s"`, `"5m"`, `"12h"`, `"7d"`. *size*: bytes, or a text such
as `"64KiB"`, `"20MB"`. *texts*: a list of texts, or one. *secret*: `"env:NAME"`, the name of an environment
variable, or `"file:PATH"`, a file with the secret and nothing else, from the folder of the configuration.
*targets*: one or a list, of texts or of tables with `to`. Globs have `*`, `?` and `[abc]`.
"""


def tables() -> str:
    """Everything from the heading on."""
    return START + INTRO + "".join(_sections())


def written(page: str) -> str:
    """The page with the tables in it."""
    return page.partition(START)[0] + tables()


def _sections() -> Iterator[str]:
    waiting: list[tuple[str, type[Table]]] = [("", Document)]
    seen: set[type[Table]] = set()
    while waiting:
        place, model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield _section(place, model)
        inner = []
        for name, field in _fields(model):
            found = model_in(field.annotation)
            if found is not None:
                path = f"{place}.{name}".strip(".")
                inner.append((f"{path}.NAME" if is_map(field.annotation) else path, found))
        waiting = [*inner, *waiting]


def _section(place: str, model: type[Table]) -> str:
    title = f"`{place}`" if place else "At the top"
    said = " ".join((model.__doc__ or "").split())
    rows = [_row(name, field) for name, field in _fields(model)]
    head = "| key | type | default | meaning |\n|---|---|---|---|\n"
    return f"\n### {title}\n\n{said}\n\n{head}" + "".join(rows)


def _fields(model: type[Table]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def _row(name: str, field: FieldInfo) -> str:
    kind = _kind(_annotated(field)).replace("|", "\\|")
    default = (
        "" if kind in ("table", "tables by name", "tables") and not field.is_required() else _default(field)
    )
    return f"| `{name}` | {kind} | {default} | {(field.description or '').replace('|', chr(92) + '|')} |\n"


def _annotated(field: FieldInfo) -> Any:
    kind = field.annotation
    for data in field.metadata:
        kind = Annotated[kind, data]
    return kind


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "" if value is None or value in ((), {}) else f"`{toml_value(value)}`"


_NAMED = {
    id(get_args(kind)[1].func): name
    for kind, name in ((Seconds, "time"), (Bytes, "size"), (Secret, "secret"), (Targets, "targets"))
} | {id(upstreams._models): "texts or table of texts", id(upstreams._groups): "lists of texts"}
_PLAIN: dict[Any, str] = {str: "text", int: "number", float: "number", bool: "true or false"}


def _kind(kind: Any) -> str:
    """What a value may be, in words."""
    if get_origin(kind) is Annotated:
        inner, *data = get_args(kind)
        for one in data:
            if isinstance(one, BeforeValidator) and id(one.func) in _NAMED:
                return _NAMED[id(one.func)]
        return _kind(inner)
    if get_origin(kind) in (types.UnionType, Union):
        return _kind(next(one for one in get_args(kind) if one is not type(None)))
    if get_origin(kind) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(kind))
    if get_origin(kind) is tuple:
        return _list(get_args(kind)[0])
    if get_origin(kind) is dict:
        return _map(get_args(kind)[1])
    return _PLAIN.get(kind) or "table"


def _list(inner: Any) -> str:
    if model_in(inner) is not None:
        return "tables"
    return "texts" if _kind(inner) == "text" else f"list of {_kind(inner)}"


def _map(inner: Any) -> str:
    if model_in(inner) is not None:
        return "tables by name"
    return "table of texts" if _kind(inner) == "text" else "table of values"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
