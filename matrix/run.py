"""One SDK through every scenario: live and recorded, then replayed with the provider stopped."""

from __future__ import annotations

import tempfile
import traceback
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tokentape
from matrix import seams
from matrix.plain import name_of
from matrix.play import play, play_in_loop
from matrix.scenarios import SCENARIOS
from tokentape.errors import TokentapeWarning
from tokentape.testing.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matrix.case import Sdk, Side
    from matrix.scenarios import Scenario
    from tokentape.wire.interaction import Interaction

Verdict = Literal["ok", "failed", "not supported", "fails alone"]
"""`fails alone`: the SDK fails without a tape too, in these versions."""


@dataclass(frozen=True, slots=True)
class Result:
    """One cell. `note`: why not, or the name of the exception. `seams`: where calls were recorded."""

    side: str
    scenario: str
    verdict: Verdict
    note: str = ""
    seams: tuple[str, ...] = ()


class Unequal(Exception):
    """The replay was not what was recorded."""


def run(sdk: Sdk) -> Iterator[Result]:
    """Every cell of the SDK's rows, as they are known."""
    for name, side in sdk.sides.items():
        for scenario in SCENARIOS:
            yield cell(name, side, scenario, sdk.hosts)


def cell(name: str, side: Side | str, scenario: Scenario, hosts: tuple[str, ...] = ()) -> Result:
    """One scenario of one side. Raises nothing: what goes wrong in an SDK is the result."""
    sends = side if isinstance(side, str) else scenario.sends(side)
    if isinstance(side, str) or isinstance(sends, str):
        return Result(name, scenario.name, "not supported", str(sends))
    played = partial(play_in_loop if name == "async" else play, side, scenario)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what SDKs say of each other
        warnings.simplefilter("error", TokentapeWarning)
        with seams.noted() as found:
            judged = _judged(Cell(scenario, played, sends + side.aside, hosts))
    return Result(name, scenario.name, *judged, tuple(sorted(found)))


def _judged(cell: Cell) -> tuple[Verdict, str]:
    """The verdict and its note. Where it fails, the scenario runs once more, without a tape."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            return "ok", cell.check(Path(folder) / "tape.json")
    except Exception as error:  # noqa: BLE001 - the SDKs' own, of any kind
        fails_alone = type(error) is cell.alone()
        return "fails alone" if fails_alone else "failed", _told(error)


def _told(error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{name_of(type(error))}: {error} ({Path(where.filename).name}:{where.lineno})"


@dataclass(frozen=True, slots=True)
class Cell:
    """A scenario to be recorded and replayed. `play` takes the provider's URL, and what scripts it."""

    scenario: Scenario
    play: Callable[[str, Callable[[], None]], Any]
    sends: int
    hosts: tuple[str, ...]

    def check(self, path: Path) -> str:
        """The name of the SDK's exception, where one is wanted. Raises `Unequal`, or what the SDK raises."""
        tape = partial(
            tokentape.use_cassette, path, errors="record", hosts=self.hosts, before_record=_only_local
        )
        provider = Provider(gap=0.0)
        with provider, tape(mode="once") as deck:
            live = self._on(provider)
        _same("requests that the provider saw", provider.count, self.sends)
        _same("recordings", deck.tally.recorded, self.sends)
        with tape(mode="none") as deck:
            again = self.play(provider.url, _nothing)
        _same("requests after the provider stopped", provider.count, self.sends)
        _same("recordings replayed", deck.tally.replayed, self.sends)
        _same("what the SDK returns", again, live)
        return live["raised"] if self.scenario.raises else ""

    def alone(self) -> type[Exception] | None:
        """The error that the SDK raises without a tape."""
        try:
            with Provider(gap=0.0) as provider:
                self._on(provider)
        except Exception as error:  # noqa: BLE001 - the SDKs' own, of any kind
            return type(error)
        return None

    def _on(self, provider: Provider) -> Any:
        return self.play(provider.url, partial(self.scenario.plan, provider))


def _only_local(interaction: Interaction) -> Interaction | None:
    """Leave out what SDKs send elsewhere, unasked: price lists, telemetry. Once a day, some of it."""
    return interaction if "://127.0.0.1:" in interaction.request.url else None


def _nothing() -> None:
    """A replay needs no plan."""


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
