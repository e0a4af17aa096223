"""What a run tells its processes: where the cassette is, what it was when the run began, and the options.

A process never looks at the cassette itself: others may have joined it since. It plays what was there when
the run began, of which the shared folder has a copy.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, cast

from tokentape.cassettes.cassette import Cassette
from tokentape.cassettes.mode import RecordMode
from tokentape.cassettes.stores.registry import open_store
from tokentape.opening import deck_over
from tokentape.options import OptionArgs, Options
from tokentape.settings import ModeChoice
from tokentape.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.deck import Deck
    from tokentape.sharing import Shared
    from tokentape.wire.interaction import Json

PLAN = "run.json"
COPY = "cassette.json"

_NOT_FOR_CHILDREN = frozenset({"mode", "max_age", "name", "before_record", "metadata"})
"""Settled when the run began, or nothing that can be written down."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`address` and `name` open the store; `shown` is what messages call the cassette."""

    address: str
    name: str
    shown: str
    mode: str
    source: str
    existed: bool
    finished: bool
    drop: list[str]
    options: Mapping[str, Json]

    def write(self, shared: Shared, cassette: Cassette | None) -> None:
        """Leave it, and the cassette, in the folder. Raises `OSError`."""
        if cassette is not None:
            with open(os.path.join(shared.folder, COPY), "wb") as file:
                file.write(cassette.data())
        with open(os.path.join(shared.folder, PLAN), "w", encoding="utf-8") as text:
            json.dump(asdict(self), text)

    @classmethod
    def read(cls, shared: Shared) -> Plan:
        """The plan of the run. Raises `OSError`: the run has ended."""
        with open(os.path.join(shared.folder, PLAN), encoding="utf-8") as file:
            return cls(**json.load(file))

    def deck(self, shared: Shared) -> Deck:
        """A deck that takes part in the run. Raises what opening a cassette raises."""
        options = Options.of(cast("OptionArgs", dict(self.options)))
        store, name = open_store(self.address, name=self.name)
        mode = RecordMode.of(self.mode)
        tape = Tape(store, name, mode, self.existed, self.finished, frozenset(self.drop))
        deck = deck_over(self.shown, tape, self._cassette(shared), options, ModeChoice(mode, self.source))
        deck.join(shared)
        return deck

    def _cassette(self, shared: Shared) -> Cassette | None:
        try:
            with open(os.path.join(shared.folder, COPY), "rb") as file:
                return Cassette(self.shown, file.read())
        except FileNotFoundError:
            return None


def written_down(args: OptionArgs) -> dict[str, Json]:
    """Every option, given or not, so that the settings of another folder do not count for a child there."""
    all_of_them: dict[str, object] = {"match_on": None, "ignore": [], "volatile": []}
    for option in fields(Options):
        if option.name not in _NOT_FOR_CHILDREN and option.name != "match_on":
            all_of_them[option.name] = option.default
    given = {name: value for name, value in args.items() if name not in _NOT_FOR_CHILDREN}
    return cast("dict[str, Json]", json.loads(json.dumps({**all_of_them, **given})))
