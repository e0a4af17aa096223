"""The record modes: what may be replayed, and what may be sent."""

from __future__ import annotations

from enum import StrEnum

from tokentape.errors import UsageError


class RecordMode(StrEnum):
    """What a cassette does with a call.

    `ONCE`          no finished cassette at entry: record (an unfinished one is continued); else replay only
    `NONE`          replay only; a missing cassette is an error
    `VERIFY`        as `NONE`; what is replayed is asked live, too, and what differs is told
    `NEW_EPISODES`  replay what is known, record the rest
    `REFRESH`       the same, and drop what was not used if the block succeeded
    `ALL`           send everything; the old cassette stays until the new one is complete
    `OFF`           tokentape does nothing
    """

    ONCE = "once"
    NONE = "none"
    VERIFY = "verify"
    NEW_EPISODES = "new_episodes"
    REFRESH = "refresh"
    ALL = "all"
    OFF = "off"

    @property
    def only_replays(self) -> bool:
        """True if the program gets nothing but recordings: what is not recorded is a miss, and not sent."""
        return self in (RecordMode.NONE, RecordMode.VERIFY)

    @classmethod
    def of(cls, name: str, source: str = "mode") -> RecordMode:
        """The mode called `name`. Raises `UsageError` naming `source` and the known modes."""
        try:
            return cls(name.strip().lower().replace("-", "_"))
        except (ValueError, AttributeError):
            known = ", ".join(mode.value for mode in cls)
            raise UsageError(f"{source}: unknown record mode {name!r}; use one of {known}") from None
