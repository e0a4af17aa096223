"""From a call that ended to the form in which it is stored: the one way, for recordings and for imports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.registry import is_complete, recognise, summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.matching.key import Matcher
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.redact.redactor import Redactor


def as_stored(
    interaction: Interaction,
    matcher: Matcher,
    redactor: Redactor,
    *,
    hooked: Callable[[Interaction], Interaction | None] | None = None,
    key: str | None = None,
) -> Interaction | None:
    """The interaction redacted, keyed, with its derived fields, and without `exact`.

    `hooked` sees it once it is redacted, and may return None to keep it out: then so does this. `key` is one
    that the program fixed; without it the key is computed. Whether a secret is left is the caller's to check.
    """
    operation = recognise(interaction.request).operation
    terminal = is_complete(operation, interaction.response) if interaction.response else None
    interaction = replace(interaction, ended=replace(interaction.ended, terminal=terminal))
    redactor.learn(interaction.request, interaction.response)
    clean: Interaction | None = redactor.interaction(interaction)
    if clean is not None and hooked is not None:
        clean = hooked(clean)
    if clean is None:
        return None
    asks, reads_as = summary(clean.request, clean.response)
    return replace(
        clean,
        key=key or matcher.key(clean.request),
        exact=None,
        protocol=operation.dialect,
        asks=asks,
        reads_as=reads_as,
    )
