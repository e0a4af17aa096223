"""What a persona says to a question: the right answer, as far as it knows it, in its own way."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.testing.provider.behaviour import THOUGHT, natural
from tokentape.testing.provider.personas.draw import Draw
from tokentape.testing.provider.personas.references import settled, structured
from tokentape.testing.provider.personas.slips import slipped_calls, slipped_text
from tokentape.testing.provider.personas.wording import REFUSAL, paced
from tokentape.testing.provider.reading import mapped
from tokentape.testing.provider.turn import Call, Turn

if TYPE_CHECKING:
    from tokentape.testing.provider.personas.persona import Persona
    from tokentape.testing.provider.personas.references import References
    from tokentape.testing.provider.turn import Question

LOOKING = "Let me look that up."


def identity(question: Question) -> str:
    """The same for a question in any dialect: what the user said last, and whether tools have answered."""
    return settled(question.text) + ("\0answered" if question.results else "")


def drawn(persona: Persona, question: Question) -> Draw:
    """What is drawn for the model and the question, whenever and in whatever dialect it is asked."""
    return Draw(persona.seed, question.model, identity(question))


def said(persona: Persona, question: Question, nth: int, references: References) -> Turn:
    """The `nth` answer to the question, from 1."""
    if persona.says is not None and (turn := persona.says(question)) is not None:
        return turn
    draw = drawn(persona, question)
    if nth > 1 and draw.falls("unsteady", persona.unsteadiness):
        draw = Draw(persona.seed, question.model, identity(question), str(nth))
    if draw.falls("refusal", persona.refusals):
        return Turn(REFUSAL)
    right = _right(question, references)
    return _paced(_slipped(persona, question, right, references, draw), persona.verbosity, draw)


def _right(question: Question, references: References) -> Turn:
    """A client that insists on a tool gets its call, also where the answer is known as JSON."""
    turn = references.answer(question) or natural(question, 1)
    if question.must_call and not turn.calls and isinstance(value := structured(turn.text), dict):
        turn = Turn(calls=(Call(question.must_call, mapped(value)),))
    return replace(turn, thinking=THOUGHT) if question.thinking else turn


def _slipped(persona: Persona, question: Question, turn: Turn, references: References, draw: Draw) -> Turn:
    shares = (persona.tool_slips if turn.calls else persona.json_slips, persona.slips)
    is_prose = not turn.calls and structured(turn.text) is None
    share = shares[0] if shares[0] is not None and not is_prose else shares[1]
    if not draw.falls("slip", share):
        return turn
    if turn.calls:
        return slipped_calls(turn, question.tools, references.values, draw)
    return replace(turn, text=slipped_text(turn.text, references.values, draw))


def _paced(turn: Turn, verbosity: float, draw: Draw) -> Turn:
    """Prose grows and shrinks, JSON is laid out, and a call comes with a word."""
    if verbosity == 1:
        return turn
    if turn.calls:
        return replace(turn, text=turn.text or LOOKING) if verbosity > 1 else turn
    value = structured(turn.text)
    if value is None:
        return replace(turn, text=paced(turn.text, verbosity, draw))
    indent = 2 if verbosity > 1 else None
    separators = None if verbosity > 1 else (",", ":")
    return replace(turn, text=json.dumps(value, ensure_ascii=False, indent=indent, separators=separators))
