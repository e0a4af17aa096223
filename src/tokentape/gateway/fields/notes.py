"""What rules did to a call, for its trace: that one hit, never what it held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Note:
    """`rule` did `what`, `count` times; or did not, and `why`."""

    rule: str
    what: Literal["kept", "injected", "skipped"]
    count: int = 0
    why: str = ""

    def __str__(self) -> str:
        count = f" {self.count}" if self.count else ""
        return f"{self.rule}: {self.what}{count}{self.why and f': {self.why}'}"


@dataclass(frozen=True, slots=True)
class Injected:
    """A request body and header fields with what rules put in: the same objects where they put nothing."""

    body: Fields
    headers: Headers
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """A canonical request with what rules put in: the same object where they put nothing."""

    asked: Conversation
    notes: tuple[Note, ...] = ()


class Notes:
    """Collects notes; the same trouble of a rule is told once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], int] = {}

    def did(self, rule: str, what: Literal["kept", "injected"], count: int = 1) -> None:
        """A rule did something."""
        key = (rule, what, "")
        self._found[key] = self._found.get(key, 0) + count

    def skipped(self, rule: str, why: str) -> None:
        """A rule did nothing, for a reason."""
        self._found.setdefault((rule, "skipped", why), 0)

    @property
    def all(self) -> tuple[Note, ...]:
        """Everything so far."""
        return tuple(
            Note(rule, what, count, why)  # type: ignore[arg-type]
            for (rule, what, why), count in self._found.items()
        )
