"""When a target is given up: asking on would only fail on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.asking.outcome import Answer, Unanswered
from tokentape.upstreams.failures import DEAD, FailureClass

if TYPE_CHECKING:
    from tokentape.evaluation.asking.outcome import Result

_HOPELESS = DEAD | {
    FailureClass.billing,
    FailureClass.quota_exceeded,
    FailureClass.configuration_error,
    FailureClass.not_found,
}
"""A person must mend something first."""

_OF_THE_QUESTION = frozenset(
    {
        FailureClass.invalid_request,
        FailureClass.context_window_exceeded,
        FailureClass.content_filter,
        FailureClass.too_large,
        FailureClass.unsupported_operation,
        FailureClass.conflict,
    }
)
"""What says something about the question, and nothing about the next one."""


@dataclass(slots=True)
class Patience:
    """For one target. `failures` of any kind in a row end it, and `hopeless` ones do sooner; `unkept` answers
    in a row do, too: they would be paid for again.
    """

    failures: int = 20
    hopeless: int = 3
    unkept: int = 3
    over: str = ""
    _in_a_row: int = 0
    _hopeless: int = 0
    _unkept: int = 0
    _first: str = ""

    def heard(self, result: Result) -> None:
        """Judge what came of one question. The first reason to give up stands."""
        if self.over:
            return
        if isinstance(result, Answer):
            if result.is_new:
                self._in_a_row = self._hopeless = 0
                self._unkept = 0 if result.is_kept else self._unkept + 1
                if self._unkept >= self.unkept:
                    self.over = f"{self._unkept} answers in a row could not be kept"
            return
        if not isinstance(result, Unanswered) or result.kind in _OF_THE_QUESTION:
            return
        self._first = self._first if self._in_a_row else result.reason
        self._in_a_row += 1
        self._hopeless = self._hopeless + 1 if result.kind in _HOPELESS else 0
        if self._hopeless >= self.hopeless or self._in_a_row >= self.failures:
            self.over = f"given up after {self._in_a_row} failures in a row, the first: {self._first}"
