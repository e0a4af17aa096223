"""tokentape: a flight recorder for LLM traffic. Record a call once, replay it forever, byte for byte.

The public names, in the order in which a reader meets them:

    use_cassette              one block or function with a cassette: decorator, `with`, `async with`
    install, uninstall, is_installed
                              the LLM calls of the whole process
    bind                      carry the cassette into a thread or executor that has no context
    client, async_client      an httpx2 or httpx client with the tape built in, no patching
    RecordMode                once, none, verify, new_episodes, refresh, all, off
    MatchOn, register_normalizer
                              what makes two requests the same call
    block_network             nothing goes out for a while
    Predicates, DefaultPredicates
                              which requests are LLM calls
    MemoryStore, DirectoryStore, SqliteStore
                              where cassettes live
    translate                 a request in another API's dialect, with a report of what is lost
    assert_llm                what a test says of a reply; snapshots
    savings, reset_savings, Price
                              what replays saved: calls, tokens, money, time
    TokentapeError, ReplayMiss
                              the root of the errors, and the one you will meet (`tokentape.errors` has all)

Reading order of the code: `wire` (what went over the wire), `matching` and `cassettes`, `deck` (the
decision), `interceptors` (one file per HTTP library), `cassette` (what you call). Nothing is imported
before it is used: this module loads in a few milliseconds and no HTTP library comes with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.binding import bind as bind
    from tokentape.cassette import use_cassette as use_cassette
    from tokentape.cassettes.mode import RecordMode as RecordMode
    from tokentape.cassettes.stores.directory import DirectoryStore as DirectoryStore
    from tokentape.cassettes.stores.memory import MemoryStore as MemoryStore
    from tokentape.cassettes.stores.sqlite import SqliteStore as SqliteStore
    from tokentape.clients import async_client as async_client
    from tokentape.clients import client as client
    from tokentape.errors import ReplayMiss as ReplayMiss
    from tokentape.errors import TokentapeError as TokentapeError
    from tokentape.guard.block import block_network as block_network
    from tokentape.matching.fields import MatchOn as MatchOn
    from tokentape.matching.normalise import register_normalizer as register_normalizer
    from tokentape.metering.price import Price as Price
    from tokentape.metering.savings import reset_savings as reset_savings
    from tokentape.metering.savings import savings as savings
    from tokentape.predicates import DefaultPredicates as DefaultPredicates
    from tokentape.predicates import Predicates as Predicates
    from tokentape.process import install as install
    from tokentape.process import is_installed as is_installed
    from tokentape.process import uninstall as uninstall
    from tokentape.protocols.translate import translate as translate
    from tokentape.snapshots.asserting import assert_llm as assert_llm

__version__ = "0.1.0"

_HOME = {
    "use_cassette": "cassette",
    "install": "process",
    "uninstall": "process",
    "is_installed": "process",
    "bind": "binding",
    "client": "clients",
    "async_client": "clients",
    "block_network": "guard.block",
    "RecordMode": "cassettes.mode",
    "MatchOn": "matching.fields",
    "register_normalizer": "matching.normalise",
    "Predicates": "predicates",
    "DefaultPredicates": "predicates",
    "MemoryStore": "cassettes.stores.memory",
    "DirectoryStore": "cassettes.stores.directory",
    "SqliteStore": "cassettes.stores.sqlite",
    "assert_llm": "snapshots.asserting",
    "savings": "metering.savings",
    "reset_savings": "metering.savings",
    "Price": "metering.price",
    "translate": "protocols.translate",
    "TokentapeError": "errors",
    "ReplayMiss": "errors",
}

__all__ = [
    "DefaultPredicates",
    "DirectoryStore",
    "MatchOn",
    "MemoryStore",
    "Predicates",
    "Price",
    "RecordMode",
    "ReplayMiss",
    "SqliteStore",
    "TokentapeError",
    "assert_llm",
    "async_client",
    "bind",
    "block_network",
    "client",
    "install",
    "is_installed",
    "register_normalizer",
    "reset_savings",
    "savings",
    "translate",
    "uninstall",
    "use_cassette",
]


def __getattr__(name: str) -> object:
    """Load a public name on its first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'tokentape' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"tokentape.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
