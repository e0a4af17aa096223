"""The personas at work: who is asked, what befalls the call, what is said, and how fast."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from tokentape.testing.provider.faults import cut, late, trickle
from tokentape.testing.provider.personas.persona import How
from tokentape.testing.provider.personas.references import References
from tokentape.testing.provider.personas.voice import drawn, identity, said
from tokentape.testing.provider.script import Script, Send

if TYPE_CHECKING:
    from tokentape.testing.provider.exchange import Exchange
    from tokentape.testing.provider.personas.draw import Draw
    from tokentape.testing.provider.personas.persona import Mishap, Persona
    from tokentape.testing.provider.turn import Question, Turn


class Cast:
    """Plays the first persona whose models fit. How often a question was asked is all that it remembers."""

    def __init__(self, personas: tuple[Persona, ...], references: References | None = None) -> None:
        self._personas = personas
        self._references = References() if references is None else references
        self._lock = threading.Lock()
        self._asked: Counter[tuple[str, str]] = Counter()

    def script(self, exchange: Exchange) -> Script | None:
        """What the persona does; None where the request asks no model for an answer, or nobody plays it."""
        try:
            question = exchange.question
        except ValueError:
            return None
        if question is None:
            return None
        persona = next((one for one in self._personas if one.plays(question.model)), None)
        return None if persona is None else self._played(persona, question, exchange)

    def _played(self, persona: Persona, question: Question, exchange: Exchange) -> Script:
        nth, draw = self._count(question), drawn(persona, question)
        mishap = _mishap(persona, draw)
        earlier = 0 if mishap is None else mishap.times or 0
        turn = said(persona, question, max(nth - earlier, 1), self._references)
        script = _timed(persona, exchange.say(turn), turn, draw)
        if mishap is None or not mishap.befalls(nth):
            return script
        return _befallen(mishap, question, script, exchange)

    def _count(self, question: Question) -> int:
        with self._lock:
            key = (question.model, identity(question))
            self._asked[key] += 1
            return self._asked[key]


def _mishap(persona: Persona, draw: Draw) -> Mishap | None:
    """The first that draws the question."""
    found = (one for i, one in enumerate(persona.mishaps) if draw.falls(f"mishap {i}", one.share))
    return next(found, None)


def _befallen(mishap: Mishap, question: Question, script: Script, exchange: Exchange) -> Script:
    if mishap.how is How.CUT:
        return cut(at=len(script.body) // 2)(script)
    if mishap.how is How.MIDWAY and question.stream:
        return exchange.broken_off(script, mishap.status, mishap.message)
    return exchange.fail(mishap.status, mishap.message, mishap.headers)


def _timed(persona: Persona, script: Script, turn: Turn, draw: Draw) -> Script:
    """The reply at the persona's pace: up to a third faster or slower from question to question."""
    first, each = (seconds * (0.7 + 0.6 * draw.share("pace")) for seconds in persona.latency)
    if not first and not each:
        return script
    writes = sum(isinstance(step, Send) for step in script)
    written = each * turn.tokens
    if writes < 2:
        return late(first + written)(script)
    return late(first)(trickle(written / writes)(script))
