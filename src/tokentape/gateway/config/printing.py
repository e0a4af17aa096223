"""A document as TOML that reads back as the same document: with defaults, and no secret."""

from collections.abc import Callable, Iterator, Sequence

from tokentape.gateway.config.document import Document
from tokentape.gateway.config.values import SecretRef, Table
from tokentape.gateway.config.wording import dotted, quoted

Names = tuple[str, ...]
HasSecret = Callable[[SecretRef], bool]


def printed(document: Document, has: HasSecret) -> str:
    """The document. `has` tells whether a secret is there, which stands behind it as a comment."""
    return "\n".join(_table(document, (), has)).strip() + "\n"


def _table(table: Table, place: Names, has: HasSecret) -> Iterator[str]:
    """Values first, then the tables inside: a TOML table ends where the next begins."""
    if place:
        yield from ("", f"[{dotted(place)}]")
    inner: list[tuple[str, object]] = []
    for name, value in _fields(table):
        if isinstance(value, Table) or (place == () and isinstance(value, dict | tuple)):
            inner.append((name, value))
        elif value is None:
            yield f"# {name}: not set"
        else:
            yield f"{dotted((name,))} = {toml_value(value)}{_comment(value, has)}"
    for name, value in inner:
        yield from _inner(value, (*place, name), has)


def _inner(value: object, place: Names, has: HasSecret) -> Iterator[str]:
    """A table, a map of named tables, or a list of them."""
    if isinstance(value, Table):
        yield from _table(value, place, has)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _table(each, (*place, name), has)
    elif isinstance(value, tuple):
        for each in value:
            yield from ("", f"[[{dotted(place)}]]")
            for name, one in _fields(each):
                if one is not None and not (isinstance(one, Table) and one == type(one).model_construct()):
                    yield f"{dotted((name,))} = {toml_value(one)}{_comment(one, has)}"


def _fields(table: Table) -> Iterator[tuple[str, object]]:
    for name, field in type(table).model_fields.items():
        yield field.alias or name, getattr(table, name)


def toml_value(value: object) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, Table):
        return _inline(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | SecretRef):
        return quoted(str(value))
    if isinstance(value, Sequence):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{dotted((name,))} = {toml_value(each)}" for name, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return repr(value)


def _inline(table: Table) -> str:
    """A table in one line, without what is as usual; one that says one thing in short is that."""
    said = {
        field.alias or name: getattr(table, name)
        for name, field in type(table).model_fields.items()
        if field.is_required() or getattr(table, name) != field.get_default(call_default_factory=True)
    }
    short = table.in_short
    return toml_value(said[short]) if short is not None and list(said) == [short] else toml_value(said)


def _comment(value: object, has: HasSecret) -> str:
    said = [f"{ref} ({'set' if has(ref) else 'not set'})" for ref in _refs(value)]
    return f"  # {', '.join(said)}" if said else ""


def _refs(value: object) -> Iterator[SecretRef]:
    if isinstance(value, SecretRef):
        yield value
    elif isinstance(value, Table):
        for _, each in _fields(value):
            yield from _refs(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _refs(each)
