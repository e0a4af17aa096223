"""From what a person passes as the place of a cassette to a store and a name in it.

    "cassettes/summary.json"     a file: `DirectoryStore("cassettes")`, "summary"
    "memory:"                    a store of its own by scheme, here one that lives as long as the opening
    "sqlite:runs.db#summary"     scheme, what the scheme's store is opened with, name
                                 (`open_place` opens it without a name: `sqlite:runs.db`)
    a `Store`                    as it is; the name is given beside it

A third party registers a scheme as an entry point of the group `tokentape.stores`: its name is the
scheme, its object is called with the text between `:` and `#` and returns a `Store`.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, cast

from tokentape.cassettes.stores.base import Store
from tokentape.cassettes.stores.directory import ENDING, DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.errors import UsageError
from tokentape.plugins import registered

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

GROUP = "tokentape.stores"

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+):(?P<place>[^#]*)(?:#(?P<name>.*))?", re.DOTALL)
"""A scheme has two letters at least, so that a Windows drive is none."""

OURS = ("memory", "sqlite")
"""The schemes that are built in."""

_METHODS = tuple(name for name in vars(Store) if not name.startswith("_"))


def open_store(target: str | PathLike[str] | Store, *, name: str | None = None) -> tuple[Store, str]:
    """The store and the name for `target`; `name` wins over one inside it.

    Raises `UsageError`: neither a path nor a store, an unknown scheme, no name, not a `.json` file.
    """
    if not isinstance(target, (str, os.PathLike)):
        return _checked(target, f"target {target!r}"), _required(name, "a store")
    text = os.fsdecode(target)
    if isinstance(target, str) and (address := _ADDRESS.fullmatch(text)):
        return _by_scheme(address, name)
    return _in_directory(text, name)


def open_place(address: str) -> tuple[Store, str | None]:
    """The store of an address with a scheme, and the name in it if there is one: `sqlite:tapes.db` has none.

    Raises `UsageError` as `open_store` does.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return open_store(address)
    opened = _opener(found["scheme"], address)(found["place"])
    return _checked(opened, f"the store {found['scheme']!r}"), found["name"] or None


def has_scheme(place: str) -> bool:
    """True for an address such as `sqlite:tapes.db#summary`, false for a path."""
    return _ADDRESS.fullmatch(place) is not None


def _in_directory(path: str, name: str | None) -> tuple[Store, str]:
    if name is not None:
        return DirectoryStore(path), _required(name, path)
    folder, file = os.path.split(path)
    if os.path.isdir(path):
        raise UsageError(f"{path or '.'} is a directory: name a file in it ('NAME{ENDING}'), or pass name=")
    if not file.endswith(ENDING) or file == ENDING:
        raise UsageError(f"{path or '(empty path)'}: a cassette's file name ends in {ENDING}{_advice(file)}")
    return DirectoryStore(folder or "."), file.removesuffix(ENDING)


def _advice(file: str) -> str:
    if file.endswith((".yaml", ".yml")):
        return "; cassettes of other tools are converted by: tokentape import"
    return f"; use {file + ENDING!r}" if file else ""


def _by_scheme(address: re.Match[str], name: str | None) -> tuple[Store, str]:
    scheme, place = address["scheme"], address["place"]
    opened = _opener(scheme, address.string)(place)
    default = "cassette" if scheme == "memory" else None
    return _checked(opened, f"the store {scheme!r}"), _required(
        name or address["name"] or default, scheme + ":"
    )


def _opener(scheme: str, target: str) -> Callable[[str], object]:
    found = registered(GROUP, OURS, "stores")
    if scheme in OURS:
        return _memory if scheme == "memory" else _sqlite
    if scheme not in found:
        known = ", ".join(sorted({*OURS, *found}))
        raise UsageError(
            f"{target!r}: unknown store {scheme!r}; known: {known}; a file of that name is './{target}'"
        )
    try:
        return cast("Callable[[str], object]", found[scheme].load())
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the store {scheme!r} ({found[scheme].value}) cannot be loaded: {error}") from error


def _memory(place: str) -> MemoryStore:
    if place:
        raise UsageError(f"'memory:{place}': a memory store has no place; write 'memory:#{place}' for a name")
    return MemoryStore()


def _sqlite(place: str) -> object:
    from tokentape.cassettes.stores.sqlite import SqliteStore

    return SqliteStore(place)


def _checked(store: object, what: str) -> Store:
    missing = [method for method in _METHODS if not callable(getattr(store, method, None))]
    if missing:
        raise UsageError(
            f"{what} is neither a path nor a store: {type(store).__name__} has no {', '.join(missing)}"
        )
    return cast("Store", store)


def _required(name: str | None, where: str) -> str:
    if not isinstance(name, str) or not name:
        raise UsageError(f"{where} holds many cassettes: pass name='...'")
    return name
