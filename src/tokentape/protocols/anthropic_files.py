"""Things kept at Anthropic (files, skills) and its model list, told from OpenAI's by the version header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation
from tokentape.protocols.errors import anthropic_error

if TYPE_CHECKING:
    from tokentape.protocols.call import Call

_PLACES = {"files": Kind.FILES, "skills": Kind.FILES, "models": Kind.META, "organizations": Kind.META}


def recognise(call: Call) -> Operation | None:
    """`v1/files` and the like, where Anthropic's version header says whose they are."""
    place = next((part for part in call.segments if part in _PLACES), None)
    if place is None or call.request.header("anthropic-version") is None:
        return None
    return Operation("anthropic.files", place, _PLACES[place])


DIALECT = Dialect("anthropic.files", recognise, error_body=anthropic_error)
