"""The policy for error replies: recorded, recorded with a warning, or refused (the option `errors`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import RecordingError, RecordingRefused
from tokentape.predicates import is_aside
from tokentape.wire.url import split_query

if TYPE_CHECKING:
    from tokentape.troubles import Troubles
    from tokentape.wire.interaction import Interaction


class ErrorPolicy:
    """What becomes of a reply with status 400 and above, and which of them are still worth a warning."""

    def __init__(self, errors: str, where: str, troubles: Troubles) -> None:
        self._errors, self._where, self._troubles = errors, where, troubles
        self._failing: dict[str, RecordingError] = {}

    def allows(self, interaction: Interaction, key: str) -> bool:
        """True if it is kept; a later success of the same call (a retry) settles a warning."""
        if interaction.response is None or is_aside(interaction.request):
            return True
        status = interaction.response.status
        if status < 400:
            self._failing.pop(key, None)
            return True
        call = f"{interaction.request.method} {split_query(interaction.request.url)[0]}"
        if self._errors == "refuse":
            text = f"{self._where}: reply {status} to {call} was refused, not recorded"
            self._troubles.note(RecordingRefused(text))
            return False
        if self._errors == "warn":
            self._failing[key] = RecordingError(
                f"{self._where}: recorded an error reply, {status} to {call}; if that was not meant, record "
                "again with mode 'all' (errors='record' says it was)"
            )
        return True

    def end(self) -> None:
        """The block is over: what no retry settled is a trouble."""
        for trouble in self._failing.values():
            self._troubles.add(trouble)

    def clear(self) -> None:
        """Forget the warnings: they are a parent's."""
        self._failing = {}
