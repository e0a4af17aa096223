"""Opening a deck: from a path or store and options to a cassette in force.

Everything that can be wrong about it is an error here, before the block runs: an unknown mode, an
unusable place, a missing cassette in mode `none`, a broken or expired one.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.cassettes.mode import RecordMode
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.cassettes.stores.registry import open_store
from tokentape.deck import Deck
from tokentape.errors import CassetteExpired, CassetteNotFound, TokentapeWarning
from tokentape.log import log
from tokentape.matching.explain import with_mode
from tokentape.matching.key import Matcher
from tokentape.options import OptionArgs, Options, redactor_of
from tokentape.playback import Playback
from tokentape.recording import Recorder
from tokentape.settings import ModeChoice, resolve_mode
from tokentape.tape import Tape
from tokentape.wire.interaction import CALLER_STOPPED, How

if TYPE_CHECKING:
    from os import PathLike
    from typing import Unpack

    from tokentape.cassettes.cassette import Cassette
    from tokentape.cassettes.stores.base import Store
    from tokentape.wire.interaction import Interaction

    Target = str | PathLike[str] | Store

_NEVER_REACHED = frozenset({How.CONNECT_ERROR, How.CONNECT_TIMEOUT, How.TLS_ERROR})
_DROPPING = frozenset({RecordMode.ALL, RecordMode.REFRESH})
_REJECTED_CREDENTIAL = frozenset({401, 403, 407})


def open_deck(target: Target, **args: Unpack[OptionArgs]) -> Deck:
    """A deck for `target` (a file path, a store's address, or a `Store` with `name=`), not yet in force.

    Raises `UsageError` for wrong options or an unusable place, `CassetteError` for a cassette that is
    missing (mode `none`), broken, too new, or expired.
    """
    return open_with(target, Options.of(args))


def open_with(target: Target, options: Options, choice: ModeChoice | None = None) -> Deck:
    """As `open_deck`, with options that were checked already; `choice` settles the mode for good."""
    choice = choice or resolve_mode(options.mode)
    if choice.mode is RecordMode.OFF:
        tape = Tape(MemoryStore(), "off", RecordMode.OFF, existed=False, finished=True)
        return deck_over("(off)", tape, None, options, choice)
    store, name = open_store(target, name=options.name)
    path = store.describe(name)
    cassette = store.load(name)
    if cassette is None and choice.mode.only_replays:
        raise CassetteNotFound(path, "there is no such cassette to replay", fix=_record_it(options))
    if cassette is not None:
        choice = _after_expiry(path, cassette, options, choice)
    tape = Tape(
        store,
        name,
        choice.mode,
        existed=cassette is not None,
        finished=cassette is not None and cassette.finished,
    )
    if cassette is not None and choice.mode in _DROPPING:
        _read_all(cassette)
    if cassette is not None and choice.mode is RecordMode.ONCE and not cassette.finished:
        tape = replace(tape, drop=_not_worth_continuing(cassette))
    return deck_over(path, tape, cassette, options, choice)


def deck_over(path: str, tape: Tape, cassette: Cassette | None, options: Options, choice: ModeChoice) -> Deck:
    """The deck for a tape that was looked at already; `cassette` is what was on it."""
    matcher = Matcher(options.match_on)
    played = None if choice.mode is RecordMode.ALL else cassette
    playback = Playback(
        played, matcher, options.repeat, without=tape.drop, is_paced=options.pace == "recorded"
    )
    log.debug("%s: mode %s (%s), %d recordings", path, choice.mode.value, choice.source, len(playback))
    recorder = Recorder(tape, options, matcher, redactor_of(options))
    return Deck(path, options, choice, playback, recorder)


def _record_it(options: Options) -> str:
    command = options.command or "TOKENTAPE_MODE={mode}, and run it again"
    return f"record it once with: {with_mode(command, RecordMode.ONCE)}"


def _read_all(cassette: Cassette) -> None:
    """Raise `CassetteCorrupt` if a recording cannot be read, before a mode that drops some drops it, too."""
    for number in range(len(cassette.entries)):
        cassette.interaction(number)


def _not_worth_continuing(cassette: Cassette) -> frozenset[str]:
    """Ids of an unfinished recording that a new run should ask again."""
    entries = enumerate(cassette.entries)
    return frozenset(entry.id for number, entry in entries if _says_nothing(cassette.interaction(number)))


def _says_nothing(interaction: Interaction) -> bool:
    """True for a call that never reached the provider, whose credential was rejected, or that was cut on our
    side: the program that was interrupted stopped it, and the one that continues may read to the end.
    """
    response, ended = interaction.response, interaction.ended
    if ended.how in CALLER_STOPPED:
        return not ended.whole
    if response is None:
        return ended.how in _NEVER_REACHED
    return response.status in _REJECTED_CREDENTIAL


def _after_expiry(path: str, cassette: Cassette, options: Options, choice: ModeChoice) -> ModeChoice:
    """The mode in force once `max_age` had its say; the age is that of the oldest recording.

    Imported recordings may have no time: they have no age.
    """
    times = [entry.at for entry in cassette.entries if entry.at]
    if options.max_age is None or not times:
        return choice
    days = (time.time() - _seconds(min(times))) / 86400
    limit = options.max_age.total_seconds() / 86400
    if days <= limit:
        return choice
    problem = f"recorded {days:.1f} days ago, older than max_age ({limit:g} days)"
    fix = "record it again with mode 'all'"
    if options.on_expired == "fail":
        raise CassetteExpired(path, problem, fix=fix)
    if options.on_expired == "record" and not choice.mode.only_replays:
        return ModeChoice(RecordMode.ALL, f"max_age after {choice.source}")
    warnings.warn(f"{path}: {problem}; {fix}", TokentapeWarning, stacklevel=2)
    return choice


def _seconds(at: str) -> float:
    """Seconds since 1970 of an ISO 8601 UTC time; now, for a recording without one."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return time.time()
