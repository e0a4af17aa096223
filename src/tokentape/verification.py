"""Mode `verify`: what was replayed is asked live, too, and the two replies are put beside each other.

The program has the recorded reply at once and never meets the live one: whatever comes of that is told when
the block ends, or the test. Interceptors send the live call (`interceptors.resending`), so nothing here does
I/O but waiting. Nothing is recorded.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from tokentape.matching.diff import printable
from tokentape.outcomes import Forward
from tokentape.protocols.dialect import Kind
from tokentape.protocols.registry import recognise
from tokentape.troubles import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.recording import Recorder
    from tokentape.tally import Tally
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.message import Request

LIMIT = 300.0
"""Seconds in which no live reply ends: then the end of a block, or of a test, waits for no other."""

_PASSING = frozenset({408, 409, 425, 429})
"""Errors that come and go, as those from 500 on do: nobody can ask a provider to fail again."""

_QUIET = "the live reply is not compared, since a secret would be left in what is told of it"


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """A recording that was played, and what came of the same call live (`live` holds one once it is over)."""

    recorded: Interaction
    live: deque[Interaction] = field(default_factory=lambda: deque(maxlen=1))
    is_over: threading.Event = field(default_factory=threading.Event)


class Comparison(Protocol):
    """What compares (`evaluation.verifying.Comparison`)."""

    def difference(self, recorded: Interaction, live: Interaction) -> str | None:
        """How the live reply differs, in lines; "" where it does not, None where there is no telling."""


def comparison(spec: str) -> Comparison:
    """The comparison that the option `compare` names. Raises `UsageError` for one that cannot be had.

    Comparators stand above everything here, and only mode `verify` needs them: so this one is named by text.
    """
    made = import_module("tokentape.evaluation.verifying").Comparison(spec)
    return cast("Comparison", made)


class Verification:
    """The checks of one deck. `told` hears of each reply that differs, or did not come."""

    def __init__(
        self, comparison: Comparison, recorder: Recorder, tally: Tally, told: Callable[[str], None]
    ) -> None:
        self._comparison, self._recorder, self._told = comparison, recorder, told
        self.tally = tally
        self._open: deque[Check] = deque()
        self._heard_at = 0.0

    def ask(self, recorded: Interaction, request: Request) -> Forward | None:
        """The call to send live beside `recorded`; None where that would tell nothing."""
        if not _is_worth_asking(recorded, request):
            self.tally.unverified += 1
            return None
        check = Check(recorded)
        self._open.append(check)
        return Forward(request, time.time(), partial(self._keep, check))

    def _keep(self, check: Check, forward: Forward, interaction: Interaction) -> None:
        """The live call is over."""
        self._heard_at = time.monotonic()
        check.live.append(interaction)
        check.is_over.set()

    def settle(self) -> None:
        """Wait for the live replies that are still out, and tell what differs."""
        self._heard_at = time.monotonic()
        while self._open:
            check = self._open.popleft()
            while (left := self._heard_at + LIMIT - time.monotonic()) > 0 and not check.is_over.wait(left):
                pass  # others came meanwhile: those that wait for their turn have theirs
            if text := self._difference(check):
                self._told(f"recording {check.recorded.id}{text}")

    def after_fork(self, tally: Tally) -> None:
        """In the child: what is out is the parent's to wait for."""
        self.tally = tally
        self._open.clear()

    def _difference(self, check: Check) -> str:
        asks, text = "", None
        try:
            live = self._recorder.as_stored(check.live[0]) if check.live else None
            if live is None:  # too late; or a hook keeps such calls out of everybody's sight
                self.tally.unverified += 1
                return "" if check.live else f": no live reply came within {LIMIT:g} seconds"
            asks = f' (asks "{live.asks}")' if live.asks else ""
            leaks = self._recorder.redactor.leaks(live)
            text = _QUIET if leaks else self._comparison.difference(check.recorded, live)
        except Exception as error:  # noqa: BLE001  a hook, or a comparator of others, must not break the block
            text = f"the live reply could not be compared: {said(error)}"
        if text is None:
            self.tally.unverified += 1
            return ""
        self.tally.verified += 1
        self.tally.differed += bool(text)
        return "\n".join(map(printable, f"{asks}: {text}".split("\n"))) if text else ""


def _is_worth_asking(recorded: Interaction, request: Request) -> bool:
    """True for a call of a model whose recorded reply is a measure: whole, and no passing error.

    Whatever else programs ask over HTTP may change something in the world: it is not sent again.
    """
    found = recognise(request)
    if found.operation.kind is not Kind.GENERATE or found.dialect is None or found.dialect.codec is None:
        return False
    response = recorded.response
    if response is None or not recorded.ended.whole:
        return False
    return response.status < 500 and response.status not in _PASSING
