"""YAML as plain data: tags that name Python objects are read for their text and never make an object.

Recorders that dump whatever they were handed leave such tags in their files: header names as
`!!python/object/new:multidict._multidict.istr`, uploads as `!!python/object/new:_io.BytesIO`, tuples.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from tokentape.errors import CassetteError, UsageError

if TYPE_CHECKING:
    import yaml

_PYTHON = "tag:yaml.org,2002:python/"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value whose tag means nothing here. It may stand where nobody looks, and is an error elsewhere."""

    tag: str
    line: int


def load_yaml(data: bytes, path: str) -> object:
    """The document as dicts, lists, text, bytes, numbers, booleans, None and `Foreign`.

    Raises `CassetteError` with the place for what is not YAML, `UsageError` where PyYAML is missing.
    """
    try:
        import yaml
    except ImportError:
        raise UsageError(f"{path}: reading YAML needs PyYAML: pip install 'tokentape[yaml]'") from None
    try:
        return yaml.load(data, _loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise CassetteError(path, f"not YAML: {error.problem}", place=place, fix="mend it by hand") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CassetteError(
            path, f"not YAML: {' '.join(str(error).split())}", fix="mend it by hand"
        ) from error


@cache
def _loader() -> type[yaml.SafeLoader]:
    """PyYAML's safe loader (the one in C where there is one) with the tags above; dates stay text."""
    import yaml

    base: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = cast("type[yaml.SafeLoader]", type("PlainLoader", (base,), {}))
    timestamp = "tag:yaml.org,2002:timestamp"
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rules if tag != timestamp]
        for first, rules in base.yaml_implicit_resolvers.items()
    }
    loader.add_constructor(timestamp, _text)
    loader.add_multi_constructor(_PYTHON, _python)
    loader.add_multi_constructor("", _foreign)
    return loader


def _text(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    return node.value


def _foreign(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> object:
    return Foreign(node.tag, node.start_mark.line + 1)


def _python(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> object:
    """`python/unicode`, `python/bytes`, `python/tuple`, and objects that are text or bytes inside."""
    kind, _, name = suffix.partition(":")
    plain = _plain(loader, node)
    if kind in {"str", "unicode", "tuple", "list", "dict", "int", "long", "float", "bool", "none"}:
        return plain
    if kind == "bytes" and isinstance(plain, str):
        return _decoded(plain)
    if kind in {"object/new", "object/apply", "object"}:
        held = _held(plain, name.rpartition(".")[2])
        if held is not None:
            return held
    return _foreign(loader, suffix, node)


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    """The node without its tag."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


def _held(plain: object, name: str) -> object:
    """The text or bytes inside an object: `args` of a str, the first item of a BytesIO's `state`."""
    parts = plain if isinstance(plain, list) else None
    if isinstance(plain, dict):
        parts = plain.get("state") if name in {"BytesIO", "StringIO"} else plain.get("args")
    first = parts[0] if isinstance(parts, (list, tuple)) and parts else None
    known = name in {"istr", "_istr", "str", "BytesIO", "StringIO", "CIStr"}
    return first if known and isinstance(first, (str, bytes)) else None


def _decoded(text: str) -> object:
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return text
