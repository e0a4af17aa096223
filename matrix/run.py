"""One SDK through every scenario: live and recorded, then replayed with the provider stopped."""

from __future__ import annotations

import asyncio
import tempfile
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tokentape
from matrix.plain import name_of, plain
from matrix.scenarios import SCENARIOS
from tokentape.errors import TokentapeWarning
from tokentape.testing.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matrix.case import Sdk, Side
    from matrix.scenarios import Scenario
    from tokentape.cassette import CassetteBlock
    from tokentape.deck import Deck
    from tokentape.wire.interaction import Interaction

Tape = Callable[..., "CassetteBlock"]
"""Opens the scenario's cassette; takes `mode`."""

Verdict = Literal["ok", "failed", "not supported"]


@dataclass(frozen=True, slots=True)
class Result:
    """One cell of the matrix. `note`: why not, or the name of the SDK's exception."""

    side: str
    scenario: str
    verdict: Verdict
    note: str = ""


def run(sdk: Sdk) -> Iterator[Result]:
    """Every cell of the SDK's rows, as they are known."""
    for name, side in sdk.sides.items():
        for scenario in SCENARIOS:
            yield cell(name, side, scenario, sdk.hosts)


def cell(name: str, side: Side | str, scenario: Scenario, hosts: tuple[str, ...] = ()) -> Result:
    """One scenario of one side. Raises nothing: what goes wrong in an SDK is the result."""
    if isinstance(side, str):
        return Result(name, scenario.name, "not supported", side)
    sends = scenario.sends(side)
    if isinstance(sends, str):
        return Result(name, scenario.name, "not supported", sends)
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what SDKs say of each other
            warnings.simplefilter("error", TokentapeWarning)
            options: Any = {"errors": "record", "hosts": hosts, "before_record": _only_local}
            tape = partial(tokentape.use_cassette, Path(folder) / "tape.json", **options)
            note = Twice(side, scenario, name == "async", tape).check(sends)
    except Exception as error:  # noqa: BLE001 - the SDKs' own, of any kind
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{name_of(type(error))}: {error} ({Path(where.filename).name}:{where.lineno})"
        return Result(name, scenario.name, "failed", text)
    return Result(name, scenario.name, "ok", note)


class Unequal(Exception):
    """The replay was not what was recorded."""


class Twice:
    """A scenario recorded and replayed in one cassette."""

    def __init__(self, side: Side, scenario: Scenario, asynchronous: bool, tape: Tape) -> None:
        self._side, self._scenario, self._tape = side, scenario, tape
        self._asynchronous = asynchronous

    def check(self, sends: int) -> str:
        """The name of the SDK's exception, where one is wanted. Raises `Unequal`, or what the SDK raises."""
        provider, sends = Provider(gap=0.0), sends + self._side.aside
        with provider:
            live, deck = self._run(provider.url, "once", partial(self._scenario.plan, provider))
        _same("requests that the provider saw", provider.count, sends)
        _same("recordings", deck.tally.recorded, sends)
        again, deck = self._run(provider.url, "none", _nothing)
        _same("requests after the provider stopped", provider.count, sends)
        _same("recordings replayed", deck.tally.replayed, sends)
        _same("what the SDK returns", again, live)
        return live["raised"] if self._scenario.raises else ""

    def _run(self, url: str, mode: str, ready: Callable[[], None]) -> tuple[Any, Deck]:
        if self._asynchronous:
            return asyncio.run(self._run_async(url, mode, ready))
        with self._tape(mode=mode) as deck:
            client = self._side.client(url)
            ready()
            try:
                found = self._settled(lambda: plain(self._scenario.sync(self._side, client)))
            finally:
                _close(client)
        return found, deck

    def _settled(self, call: Any) -> Any:
        """The value, or the error that this scenario wants."""
        if not self._scenario.raises:
            return call()
        try:
            call()
        except Exception as error:  # noqa: BLE001 - each SDK's own class
            return plain(error)
        raise Unequal("the SDK raised no error")

    async def _run_async(self, url: str, mode: str, ready: Callable[[], None]) -> tuple[Any, Deck]:
        async with self._tape(mode=mode) as deck:
            client = self._side.client(url)
            ready()
            try:
                found = await self._settled_async(client)
            finally:
                await _aclose(client)
        return found, deck

    async def _settled_async(self, client: Any) -> Any:
        if not self._scenario.raises:
            return plain(await self._scenario.asynchronous(self._side, client))
        try:
            await self._scenario.asynchronous(self._side, client)
        except Exception as error:  # noqa: BLE001 - each SDK's own class
            return plain(error)
        raise Unequal("the SDK raised no error")


def _only_local(interaction: Interaction) -> Interaction | None:
    """Leave out what SDKs send elsewhere, unasked: price lists, telemetry. Once a day, some of it."""
    return interaction if "://127.0.0.1:" in interaction.request.url else None


def _nothing() -> None:
    """A replay needs no plan."""


def _close(client: Any) -> None:
    if hasattr(client, "__exit__"):
        client.__exit__(None, None, None)
    elif callable(close := getattr(client, "close", None)):
        close()


async def _aclose(client: Any) -> None:
    if hasattr(client, "__aexit__"):
        await client.__aexit__(None, None, None)
        return
    close = getattr(client, "aclose", None) or getattr(client, "close", None)
    if callable(close) and hasattr(closing := close(), "__await__"):
        await closing


def _same(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise Unequal(f"{what}: {_short(found)}, not {_short(wanted)}{_first_difference(found, wanted)}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else text[:160] + "…"


def _first_difference(found: Any, wanted: Any, path: str = "") -> str:
    """Where two values of equal shape differ first."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        pairs: Any = [(key, found.get(key), wanted.get(key)) for key in {**found, **wanted}]
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        pairs = [(i, *pair) for i, pair in enumerate(zip(found, wanted, strict=True))]
    else:
        return f"; at {path}: {_short(found)}, not {_short(wanted)}" if path else ""
    return next((_first_difference(a, b, f"{path}/{key}") for key, a, b in pairs if a != b), "")
