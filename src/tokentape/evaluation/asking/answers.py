"""The cassettes that answers are kept in: one for each target, beside each other in one store.

What is asked of a target stands under `answers`, what is asked about answers under `verdicts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.mode import RecordMode
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.cassettes.stores.names import safe_name
from tokentape.evaluation.asking.question import Lane
from tokentape.opening import deck_over, open_with
from tokentape.options import OptionArgs, Options
from tokentape.settings import ModeChoice
from tokentape.tape import Tape

if TYPE_CHECKING:
    from tokentape.cassettes.stores.base import Store
    from tokentape.deck import Deck
    from tokentape.errors import RecordingError
    from tokentape.upstreams.upstream import Candidate


ANSWERS, VERDICTS = "answers", "verdicts"


def open_lane(
    store: Store, folder: str, candidate: Candidate, *, asks: bool = True, repeat: str = "error"
) -> Lane:
    """The lane of a target, with the answers it gave so far; `close_lane` at the end. What a project redacts
    is redacted here. Without `asks` nothing is asked and nothing written: for forecasts, and for reports on
    what there is. `repeat` "cycle": answers are given again to whoever asks again.

    Raises `CassetteError` for a cassette that cannot be read.
    """
    name = answers_name(folder, candidate)
    own: OptionArgs = {"name": name, "repeat": repeat}
    options = Options.of({**own, **_FIXED})
    deck = open_with(store, options, _MODE) if asks else _reading(store, name, options)
    keys = (key.secret for key in candidate.upstream.credentials)
    deck.learn([key.reveal() for key in keys if key is not None])
    return Lane(candidate, deck, asks)


def _reading(store: Store, name: str, options: Options) -> Deck:
    """A deck that plays from the store, and has nowhere to record."""
    cassette = store.load(name)
    tape = Tape(MemoryStore(), name, _MODE.mode, existed=cassette is not None, finished=True)
    return deck_over(store.describe(name), tape, cassette, options, _MODE)


_MODE = ModeChoice(RecordMode.NEW_EPISODES, "the evaluation")
_FIXED: OptionArgs = {
    "match_on": "default",
    "ignore": (),
    "volatile": (),
    "record": "all",
    "synthesize": False,
    "errors": "refuse",
    "max_age": None,
    "metadata": {},
}
"""What a project says of its tests has nothing to do with answers."""


def close_lane(lane: Lane) -> tuple[RecordingError, ...]:
    """Save what was answered, and say what could not be kept."""
    lane.deck.close()
    return lane.deck.troubles


def answers_name(folder: str, candidate: Candidate) -> str:
    """The name of the cassette: the folder, and the target as files may be called."""
    return f"{folder}/{safe_name(candidate.upstream.name)}/{safe_name(candidate.model)}"
