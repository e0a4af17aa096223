"""The numbers in two texts, within a tolerance: 1,234.5 and 1.234,50 €, 12 %, 1e6.

Both sides may write numbers in their own way and order. A lone comma before exactly three digits groups
thousands, any other one is a decimal comma; with both signs the last one is decimal. A per cent is a
hundredth. Numbers of list items at the start of a line, versions such as 1.2.3 and digits inside words are no
numbers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict, does_not_apply, unfit
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import unfenced
from tokentape.evaluation.comparing.values import MOST, leaves_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.evaluation.comparing.comparator import Pair, Side
    from tokentape.evaluation.comparing.kind import Given

USUAL = 1e-9
"""The relative tolerance where nobody says: as good as equal."""

_DIGITS = 300
"""Longer runs of digits are no number that anybody compares."""

_NUMBER = re.compile(
    r"(?<![\w.])"
    r"(?P<run>[0-9]++(?:[.,'’_\u00a0\u202f\u2009][0-9]++)*+|\.[0-9]++)"
    r"(?P<power>[eE][+-]?[0-9]{1,3}+(?!\w))?+"
    r"(?P<percent>[ \u00a0\u202f]?(?:%|percent\b|per cent\b))?+"
)
"""Every repetition is possessive, so that no text is read twice."""
_ITEM = re.compile(r"^[ \t]{0,8}+[0-9]{1,3}+[.)](?=[ \t])", re.MULTILINE)
_SIGNED = re.compile(r"(?:^|[\s(\[{$€£¥:=<>~,;|/*\"'])[-−][$€£¥]?$")
_GROUPED = re.compile(
    r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}|[0-9]{1,3}(?:(?P<by>['’_.\u00a0\u202f\u2009])[0-9]{3})+"
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Two numbers agree within the relative or the absolute tolerance, whichever allows more."""

    name: str
    relative: float = USUAL
    absolute: float = 0.0
    extra_allowed: bool = False

    def compare(self, pair: Pair) -> Verdict:
        """The share of numbers that have a counterpart."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        before, after = sorted(_numbers_of(pair.before)), sorted(_numbers_of(pair.after))
        most = len(before) if self.extra_allowed else max(len(before), len(after))
        if not most:
            return does_not_apply(
                "there are no numbers in the recorded reply" + (", nor in the new one" * (not after))
            )
        missing, added = self._alone(before, after)
        added = [] if self.extra_allowed else added
        gone = [Difference("numbers", number, None, "missing") for number in missing]
        new = [Difference("numbers", None, number, "added") for number in added]
        if not missing and not added:
            return Verdict(1.0, True, f"all {most} numbers agree" if most > 1 else "the number agrees")
        agreeing = len(before) - len(missing)
        reason = "; ".join(
            _named(what, found) for what, found in (("missing", missing), ("new", added)) if found
        )
        return Verdict(agreeing / most, False, reason, tuple((gone + new)[:MOST]))

    def _alone(self, before: list[float], after: list[float]) -> tuple[list[float], list[float]]:
        """The numbers without a counterpart, of both sides; each is given one, from the least on."""
        missing, added = [], []
        left = right = 0
        while left < len(before) and right < len(after):
            one, other = before[left], after[right]
            if math.isclose(one, other, rel_tol=self.relative, abs_tol=self.absolute):
                left, right = left + 1, right + 1
            elif one < other:
                missing.append(one)
                left += 1
            else:
                added.append(other)
                right += 1
        return missing + before[left:], added + after[right:]


def _named(what: str, numbers: list[float]) -> str:
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    return f"{what}: {', '.join(f'{number:g}' for number in numbers[:3])}{more}"


def _numbers_of(side: Side) -> Iterator[float]:
    """JSON says by itself what is a number: a comma between two of them is none of theirs."""
    if side.json is None or side.json.in_prose:
        yield from numbers_in(unfenced(side.text))
        return
    for leaf in leaves_of(side.json.value):
        if isinstance(leaf, str):
            yield from numbers_in(leaf)
        elif isinstance(leaf, float) and not math.isnan(leaf):
            yield leaf
        elif isinstance(leaf, int) and not isinstance(leaf, bool):
            yield _float(leaf)


def _float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def numbers_in(text: str) -> Iterator[float]:
    """The numbers of a text, in order."""
    text = _ITEM.sub("", text)
    for found in _NUMBER.finditer(text):
        if len(found["run"]) > _DIGITS:
            continue
        scale = 0.01 if found["percent"] else 1.0
        sign = -1 if _SIGNED.search(text, max(0, found.start() - 4), found.start()) else 1
        for digits in _read(found["run"]):
            yield float(f"{digits}{found['power'] or ''}") * scale * sign


def _read(run: str) -> list[str]:
    """The numbers of a run of digits with signs between them, as `float` reads them."""
    last = max(run.rfind("."), run.rfind(","))
    whole, sign, rest = run[:last], run[last : last + 1], run[last + 1 :]
    if last < 0:
        return [_bare(run)] if run.isdigit() or _GROUPED.fullmatch(run) else _apart(run)
    if _GROUPED.fullmatch(run) and not (sign == "." and run.count(".") == 1):
        return [_bare(run)]
    if not rest.isdigit() or (whole and not (whole.isdigit() or _is_grouped_by_other(whole, sign))):
        return _apart(run)
    return [f"{_bare(whole)}.{rest}"]


def _is_grouped_by_other(whole: str, sign: str) -> bool:
    return sign not in whole and _GROUPED.fullmatch(whole) is not None


def _bare(run: str) -> str:
    return "".join(filter(str.isdigit, run)) or "0"


def _apart(run: str) -> list[str]:
    """A list without spaces is its numbers; a version or an address is none."""
    return (
        []
        if "." in run and "," not in run
        else [part for part in re.split(r"[^0-9.]+", run) if part.count(".") <= 1]
    )


def _make(given: Given) -> Numbers:
    word = given.only_word("relative tolerance")
    absolute = given.options.get("absolute")
    return Numbers(
        given.name,
        given.number(word, "the relative tolerance") if word else USUAL,
        given.number(absolute, "the absolute tolerance") if absolute else 0.0,
        extra_allowed=given.one_of("extra", "counted", "allowed") == "allowed",
    )


KIND = Kind(
    "numbers",
    means="share of the numbers in the texts that have a counterpart within the tolerance, in any order",
    passes="all of them, on both sides",
    make=_make,
    words="relative tolerance",
    options={
        "absolute": "the absolute tolerance, 0 where it is not given",
        "extra": "`counted`: numbers that only the new reply has count against it; `allowed`: they do not",
    },
    example="numbers:0.01,absolute=0.5",
)
