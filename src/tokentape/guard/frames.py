"""Through which library did this come? Read off the stack of whoever connects."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

LIBRARIES = (
    "httpx2", "httpx", "requests", "aiohttp", "botocore", "websockets", "grpc", "urllib3", "urllib.request",
    "http.client", "httpcore2", "httpcore", "asyncio.streams",
)  # fmt: skip
"""HTTP libraries, the outer ones first: of several on one stack, the first is what the program uses."""

LOOPS = frozenset({"asyncio.events", "asyncio.runners", "uvloop", "trio._core._run"})
"""Where a task begins: what is below on the stack runs the loop, and did not ask for anything."""

UNKNOWN = "-"
_MOST_FRAMES = 80


def through() -> str:
    """The outermost HTTP library on the stack, the program's own module where there is none, or "-".

    "-": the connect runs in a task or thread of its own (anyio races addresses, asyncio looks names up in an
    executor), so whoever wanted it is not on the stack.
    """
    modules = _modules(sys._getframe(1))
    for library in LIBRARIES:
        if any(_is_in(module, library) for module in modules):
            return library
    return next((module for module in modules if not _is_plumbing(module)), UNKNOWN)


def passes(libraries: Iterable[str]) -> bool:
    """True if a module of one of `libraries` is on the stack."""
    modules = _modules(sys._getframe(1))
    return any(_is_in(module, library) for library in libraries for module in modules)


def _modules(frame: FrameType | None) -> list[str]:
    names: list[str] = []
    while frame is not None and len(names) < _MOST_FRAMES:
        name = str(frame.f_globals.get("__name__", ""))
        if name in LOOPS:
            break
        names.append(name)
        frame = frame.f_back
    return names


def _is_in(module: str, library: str) -> bool:
    return module == library or module.startswith(library + ".")


def _is_plumbing(module: str) -> bool:
    """Modules that carry out what somebody else wants."""
    top = module.partition(".")[0]
    return top in {
        "tokentape",
        "anyio",
        "trio",
        "uvloop",
        "outcome",
        "aiohappyeyeballs",
        "pluggy",
        "_pytest",
    } or (top in sys.stdlib_module_names and module != "__main__")
