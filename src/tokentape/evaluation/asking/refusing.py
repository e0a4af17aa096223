"""Which option of a request a target refuses, as its own error says.

No list says which model takes which parameter: it would be wrong tomorrow. The first error does, and then the
question is asked again without.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

from tokentape.errors import CassetteError
from tokentape.protocols.canonical.conversation import Options
from tokentape.protocols.canonical.failure import FailureKind
from tokentape.protocols.options import CHANGES_MEANING
from tokentape.protocols.translation import codec_of

if TYPE_CHECKING:
    from tokentape.deck import Deck
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.failure import Failure

TUNING = frozenset(field.name for field in fields(Options)) - CHANGES_MEANING - {"max_output_tokens"}
"""Options that a question may be asked without. The limit of output is none of them: without it an answer may
cost what nobody wanted to pay.
"""

_THINKING = ("reasoning_effort", "reasoning.effort", "reasoning", "thinking", "output_config.effort")
_NAMED = re.compile(r"""[`'"]([\w.]+)[`'"]|(?:^|\s)([\w.]+):""")
_SAYS_NO = re.compile(
    r"not (?:be )?(?:supported|allowed|permitted|compatible|accepted)|(?:n't|not) support|unsupported"
    r"|only the default|cannot both|deprecated|unknown|unrecognized|extra inputs|not available",
    re.I,
)
_KINDS = (FailureKind.INVALID_REQUEST, FailureKind.UNSUPPORTED)


def refused_option(failure: Failure, asked: Conversation, dialect: str) -> str | None:
    """The option of `asked` that the error is about, if the question can be asked without it."""
    if failure.kind not in _KINDS or not _SAYS_NO.search(f"{failure.message} {failure.code or ''}"):
        return None
    named = [name for pair in _NAMED.findall(failure.message) for name in pair if name]
    options = _options_at(dialect)
    for said in (failure.param, *reversed(named)):
        found = options.get(said or "")
        if found == "thinking":
            if asked.thinking is not None:
                return found
        elif found is not None and getattr(asked.options, found) is not None:
            return found
    return None


def _options_at(dialect: str) -> dict[str, str]:
    """Options by what the dialect calls them, with and without the fields around."""
    found = dict.fromkeys(_THINKING, "thinking")
    for place in codec_of(dialect).options:
        if place.option in TUNING:
            found[place.path[-1]] = found[".".join(place.path)] = place.option
    return found


_LATEST = 64
"""Answers that were under way when an option was refused are kept after it, and do not note it."""


def refused_before(deck: Deck) -> frozenset[str]:
    """The options that the target refused in an earlier run, as its latest answers note them."""
    cassette = deck.cassette
    count = 0 if cassette is None else len(cassette.entries)
    found: set[str] = set()
    for number in range(max(0, count - _LATEST), count):
        try:
            noted = cassette.interaction(number).metadata.get("refused") if cassette is not None else None
        except CassetteError:
            continue  # the question that it answers says so
        found.update(name for name in (noted if isinstance(noted, list) else ()) if isinstance(name, str))
    return frozenset(found & (TUNING | {"thinking"}))
