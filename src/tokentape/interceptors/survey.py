"""What is installed here, and whether its calls are seen: the facts behind `tokentape doctor`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from tokentape.interceptors import registry
from tokentape.interceptors.sdks import BEYOND_REACH, OWN, SDKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.interceptors.sdks import Sdk

NOT_SEEN: dict[str, str] = {
    "websockets": "WebSocket traffic is not recorded by this version; it is held back in mode none",
}


_UNREACHABLE = frozenset({"subprocess", *BEYOND_REACH})


@dataclass(frozen=True, slots=True)
class Library:
    """One installed distribution.

    `kind` is "http" or "sdk". `state` of a library: "patched" or "ready" (to be), "not seen", "beyond reach";
    of an SDK: "seen", "partly seen", "not seen", "beyond reach". `note` says what that means, and what to do.
    """

    name: str
    version: str
    kind: str
    state: str
    note: str


def survey() -> list[Library]:
    """Every HTTP library and LLM SDK that is installed, in a stable order."""
    return [
        *_seen_libraries(),
        *_others(NOT_SEEN, "not seen"),
        *_others(BEYOND_REACH, "beyond reach"),
        *_sdks(),
    ]


def _seen_libraries() -> list[Library]:
    found = []
    for interceptor in registry.interceptors():
        for module in interceptor.modules:
            version = _version(module)
            if version is None:
                continue
            problem = interceptor.unsupported(module)
            state = "not seen" if problem else ("patched" if interceptor.is_attached(module) else "ready")
            note = problem or "recorded and replayed while a cassette is in force"
            found.append(Library(module, version, "http", state, note))
    return found


def _others(notes: Mapping[str, str], state: str) -> list[Library]:
    return [
        Library(name, version, "http", state, note)
        for name, note in notes.items()
        if (version := _version(name)) is not None
    ]


def _sdks() -> list[Library]:
    """The SDKs; a transport counts where it is installed."""
    seen = {library.name for library in _seen_libraries() if library.state != "not seen"}
    return [
        Library(sdk.name, version, "sdk", *_reach(sdk, seen))
        for sdk in SDKS
        if (version := _version(sdk.name)) is not None
    ]


def _reach(sdk: Sdk, seen: set[str]) -> tuple[str, str]:
    """State and note of an installed SDK, where the libraries in `seen` are."""
    used = [name for name in sdk.transports if name in OWN or _version(name) is not None]
    missing = [name for name in used or sdk.transports if name not in seen]
    note = f"sends through {' or '.join(used or sdk.transports)}"
    if not missing:
        return "seen", note
    note += f"; what goes through {' or '.join(missing)} is not recorded"
    if sdk.base_url:
        note += f"; a gateway can see it: set {sdk.base_url}"
    if len(missing) < len(used):
        return "partly seen", note
    return "beyond reach" if _UNREACHABLE.issuperset(missing) else "not seen", note


def _version(name: str) -> str | None:
    """The version of a distribution, of Python for what comes with it, or None."""
    if name.partition(".")[0] in sys.stdlib_module_names:
        return ".".join(map(str, sys.version_info[:3]))
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
