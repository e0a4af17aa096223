"""What a translation could not carry over."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.origin import Origin, Path


class Severity(StrEnum):
    """`meaning`: the model would be asked, or would have said, something else. `tuning`: how well, how
    long, how likely, at what price.
    """

    MEANING = "meaning"
    TUNING = "tuning"


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing: `path` in the source body, `what` it was, `why` it did not go over."""

    path: str
    what: str
    why: str
    severity: Severity

    def __str__(self) -> str:
        return f"{self.path or '(whole)'}: {self.what}: {self.why} [{self.severity}]"


@dataclass(frozen=True, slots=True)
class LossReport:
    """All losses of one translation, in order of the source."""

    losses: tuple[Loss, ...] = ()

    def __iter__(self) -> Iterator[Loss]:
        return iter(self.losses)

    def __len__(self) -> int:
        return len(self.losses)

    @property
    def meaning(self) -> tuple[Loss, ...]:
        """Those that change the meaning."""
        return tuple(loss for loss in self.losses if loss.severity is Severity.MEANING)

    @property
    def tuning(self) -> tuple[Loss, ...]:
        """The others."""
        return tuple(loss for loss in self.losses if loss.severity is Severity.TUNING)

    def __str__(self) -> str:
        return "\n".join(map(str, self.losses)) or "nothing is lost"


@dataclass(slots=True)
class Losses:
    """Collects losses while something is written."""

    found: dict[Loss, None] = field(default_factory=dict)
    """In order, each once."""

    def meaning(self, origin: Origin | Path | None, what: str, why: str, *steps: str | int) -> None:
        """Note one that changes the meaning; `steps` lead on from the origin's path."""
        self._add(origin, what, why, Severity.MEANING, steps)

    def tuning(self, origin: Origin | Path | None, what: str, why: str, *steps: str | int) -> None:
        """Note one that does not."""
        self._add(origin, what, why, Severity.TUNING, steps)

    def _add(
        self, origin: Origin | Path | None, what: str, why: str, severity: Severity, steps: Path
    ) -> None:
        path: Path = origin if isinstance(origin, tuple) else origin.path if origin else ()
        self.found[Loss(dotted(path + steps), what, why, severity)] = None

    @property
    def report(self) -> LossReport:
        """What was found so far."""
        return LossReport(tuple(self.found))
