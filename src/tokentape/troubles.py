"""What could not be recorded as asked: collected for a warning, or a report, after the block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import RecordingError, TokentapeError
from tokentape.log import log

if TYPE_CHECKING:
    from tokentape.sharing import Shared


class Troubles:
    """The troubles of one recorder; `where` says which tape it is, `shared` is told where another saves."""

    def __init__(self, where: str) -> None:
        self.all: list[RecordingError] = []
        self.shared: Shared | None = None
        self._where = where

    def note(self, trouble: RecordingError) -> None:
        """Collect it, and say at once that there is something."""
        # The text may quote an exception of foreign code, which may quote the call: it is not for a log.
        kind = type(trouble).__name__
        log.warning("%s: %s, the warning at the end of the block says more", self._where, kind)
        self.add(trouble)

    def add(self, trouble: RecordingError) -> None:
        """Collect it, and tell the process that saves."""
        self.all.append(trouble)
        if self.shared is not None:
            self.shared.tell(trouble)


def said(error: Exception) -> str:
    """The error in one line; ours without the class, since they name what and where themselves."""
    text = " ".join(str(error).split())
    return text if isinstance(error, TokentapeError) else f"{type(error).__name__}: {text}"
