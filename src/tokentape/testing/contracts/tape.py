"""The smallest deck there is, in memory, for testing interceptors alone."""

from __future__ import annotations

import time
from queue import Queue
from typing import TYPE_CHECKING

from tokentape.outcomes import Forward, Miss, Replay
from tokentape.wire.message import Response

if TYPE_CHECKING:
    from tokentape.errors import ReplayIncomplete
    from tokentape.outcomes import Outcome
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.message import Request

BARRED = Response(
    400, "Bad Request", (("content-type", "text/plain"), ("content-length", "4")), b"miss", (4,)
)


class MemoryTape:
    """Records everything until `rewind`, then replays by method, URL and body, in the order of ending.

    `asked` are the requests it was asked about; `kept` the interactions; `live` what came of the calls that
    were sent beside a replay. `llm` is what `known_url` answers;
    a request whose URL contains `aside` is none of its business.
    """

    def __init__(self, *, llm: bool = True, aside: str | None = None) -> None:
        self.asked: list[Request] = []
        self.kept: list[Interaction] = []
        self.incomplete: list[ReplayIncomplete] = []
        self.left_out: list[str] = []
        self.live: Queue[Interaction] = Queue()
        self.is_idle = False
        self._llm = llm
        self._aside = aside
        self._waiting: list[Interaction] | None = None
        self._verifies = False

    def rewind(self, *, verifies: bool = False) -> None:
        """Replay from here on, from the start; `verifies`: and have each call sent live, too."""
        self._waiting = list(self.kept)
        self._verifies = verifies

    @property
    def left(self) -> int:
        """How many interactions were not replayed."""
        return len(self._waiting or ())

    def idle(self) -> bool:
        """As `is_idle` says."""
        return self.is_idle

    def known_url(self, request: Request) -> bool:
        """As told to the constructor."""
        return self._llm

    def sends(self) -> bool:
        """Until `rewind`."""
        return self._waiting is None

    def begin(self, request: Request, *, identity: str | None = None) -> Outcome | None:
        """Record, or replay."""
        self.asked.append(request)
        if self._aside is not None and self._aside in request.url:
            return None
        if self._waiting is None:
            return Forward(request, time.time(), self._keep, self._leave)
        for interaction in self._waiting:
            if _call(interaction.request) == _call(request):
                self._waiting.remove(interaction)
                return Replay(interaction, report=self.incomplete.append, live=self._live(request))
        return Miss(None, request, BARRED)

    def _live(self, request: Request) -> Forward | None:
        if not self._verifies:
            return None
        return Forward(request, time.time(), lambda forward, interaction: self.live.put(interaction))

    def _keep(self, forward: Forward, interaction: Interaction) -> None:
        self.kept.append(interaction)

    def _leave(self, forward: Forward, why: str, warn: bool) -> None:
        self.left_out.append(why)


def _call(request: Request) -> tuple[str, str, bytes]:
    return request.method, request.url, request.body or b""
