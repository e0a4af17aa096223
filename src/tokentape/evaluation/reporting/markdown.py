"""The report as Markdown that fits a comment on a pull request.

The verdict comes first, then gates, totals, categories and the worst rows.
Everything that comes from data stays text: no markup, no HTML, no mention of anybody, no link. It is at most
`LONGEST` characters, since GitHub takes 65 536 of a comment; what does not fit is left out from the end, and
said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.evaluation.reporting.rowtext import reasons, said
from tokentape.evaluation.reporting.verdict import money
from tokentape.evaluation.statistics.words import figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tokentape.evaluation.reporting.figures import Figures, Group, Sides, TargetFigures
    from tokentape.evaluation.reporting.report import Report
    from tokentape.wire.interaction import Json

LONGEST = 60_000
WORST = 5
"""Rows that are shown."""
MOST_GROUPS = 20
"""Categories that are shown of each target."""
LONGEST_TEXT = 600
"""Characters of a prompt or reply that are shown."""
_SIGN = {"good": "✅", "bad": "❌", "mixed": "⚠️", "unsure": "❔", "none": "❔"}
_MARKUP = re.compile(r"([\\`*_\[\]|~$])|(?<=:)(//)|(?<=www)(\.)", re.IGNORECASE)
"""What is markup inside a line, and what makes a link of a text by itself."""
_START = re.compile(r"[#+\-=]|\d+[.)](?:\s|$)")
"""What is markup where a line starts."""
_CALLS = re.compile(r"(@(?=\w)|#(?=\d)|\bGH-(?=\d))", re.IGNORECASE)
"""What calls somebody, or notes itself at an issue: by the text as it is shown, so that no escaping helps."""
_LINE = re.compile(r"\s+")
_NOTHING = "\u200b"
"""A space without width."""


def escaped(text: str) -> str:
    """`text` in one line that Markdown shows as it is written."""
    flat = _in_one_line(text)
    marked = _MARKUP.sub(r"\\\g<0>", flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    if _START.match(marked):
        end = re.search(r"[^\d]", marked)
        at = end.start() if end else 0
        return f"{marked[:at]}\\{marked[at:]}"
    return marked


def _in_one_line(text: str) -> str:
    return _CALLS.sub(rf"\1{_NOTHING}", _LINE.sub(" ", _clean(text)).strip())


def fenced(text: str) -> str:
    """`text` as a block of code, in a fence longer than any in it."""
    shown = _clean(text)
    if len(shown) > LONGEST_TEXT:
        shown = f"{shown[:LONGEST_TEXT]}\n... ({len(shown) - LONGEST_TEXT} characters more)"
    longest = max((len(found) for found in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


def _clean(text: str) -> str:
    """Without half characters, and signs that nobody sees but the terminal or the reader's direction."""
    whole = text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign if sign in "\n\t" or sign.isprintable() else " " * sign.isspace() for sign in whole)


def markdown(report: Report, *, worst: int = WORST, longest: int = LONGEST) -> str:
    """The text."""
    sections, found, left_out = list(_sections(report, worst)), "", 0
    for section in sections:
        if left_out or len(found) + len(section) > longest:
            left_out += 1
        else:
            found += section
    return found + (
        f"\n*{left_out} parts are left out here; the other forms have them.*\n" if left_out else ""
    )


def _sections(report: Report, worst: int) -> Iterator[str]:
    figures = report.figures
    yield f"## {_SIGN[figures.verdict.level]} {escaped(figures.title)}\n\n"
    yield f"**{escaped(figures.verdict.headline)}**\n\n"
    yield _bullets(figures.verdict.lines)
    if figures.gates:
        yield _gates(figures)
    if figures.targets:
        yield _totals(figures)
    for target in figures.targets:
        yield _groups(target)
    yield from _worst(report, worst)
    yield _foot(report)


def _bullets(lines: Iterable[str]) -> str:
    return "".join(f"- {escaped(line)}\n" for line in lines) + "\n"


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table; the cells are escaped."""
    rows = [head, *lines]
    shown = [f"| {' | '.join(escaped(cell) for cell in row)} |\n" for row in rows]
    return shown[0] + "|---" * len(head) + "|\n" + "".join(shown[1:]) + "\n"


def _gates(figures: Figures) -> str:
    lines = [(gate.gate, "holds" if gate.passed else "FAILED", gate.why) for gate in figures.gates]
    return "### Gates\n\n" + table(("gate", "", "why"), lines)


def _totals(figures: Figures) -> str:
    lines = [line for target in figures.targets for line in _of_target(target)]
    return "### Totals\n\n" + table(("target", "figure", "before", "now", ""), lines)


def _of_target(target: TargetFigures) -> Iterator[tuple[str, str, str, str, str]]:
    name, became = target.name, target.outcomes
    yield name, "answered", "", f"{became.answered} of {became.all}", ""
    for rate in target.comparators:
        judged = rate.passed + rate.failed
        said_of = f"{rate.passed} of {judged} passed" if judged else rate.sentence
        yield name, rate.name, "", figure(rate.rate) if judged else "", said_of
    yield name, "cost", money(target.cost.before), money(target.cost.after), _why(target.cost)
    for what, found in (("tokens in", target.tokens_in), ("tokens out", target.tokens_out)):
        yield name, what, tokens(found.before), tokens(found.after), _why(found)
    for what, found in (("mean time", target.seconds), ("mean time to first chunk", target.first)):
        yield name, what, seconds(found.before), seconds(found.after), _why(found)


def _why(sides: Sides) -> str:
    return sides.compared.sentence if sides.rows else "not known on both sides"


def tokens(count: float | None) -> str:
    """`12,345`; "" where nobody knows."""
    return "" if count is None else f"{count:,.0f}"


def seconds(value: float | None) -> str:
    """`1.8 s`; "" where nobody knows."""
    return "" if value is None else f"{value:.3g} s"


def _groups(target: TargetFigures) -> str:
    named = [group for group in target.categories if group.name]
    if not named:
        return ""
    names = [rate.name for rate in target.comparators]
    head = ("category", "rows", *names, "tokens out", "cost")
    shown = target.categories[:MOST_GROUPS]
    more = len(target.categories) - len(shown)
    note = f"{more} smaller categories are not shown.\n\n" if more else ""
    return f"### Categories: {escaped(target.name)}\n\n{table(head, map(_group, shown))}{note}"


def _group(group: Group) -> tuple[str, ...]:
    rates = (
        f"{rate.passed} of {rate.passed + rate.failed}" if rate.passed + rate.failed else ""
        for rate in group.comparators
    )
    out = (
        f"{tokens(group.tokens_out.before)} → {tokens(group.tokens_out.after)}"
        if group.tokens_out.before
        else ""
    )
    cost = "" if group.cost.before is None else f"{money(group.cost.before)} → {money(group.cost.after)}"
    return (group.name or "(none)", str(group.rows), *rates, out, cost)


def _worst(report: Report, worst: int) -> Iterator[str]:
    rows = [(row, why) for row in report.rows(worst) if (why := reasons(row))]
    if rows:
        yield "### Worst rows\n\n"
    yield from (_row(row, why) for row, why in rows)


def _row(row: Mapping[str, Json], why: Sequence[str]) -> str:
    what = f"{row['target']}: {row['id']} in {row['cassette']}"
    asked = row["asked"] if isinstance(row["asked"], list) else []
    blocks = [("asked", asked[-1:]), ("before", row["before"]), ("now", row["after"])]
    shown = "".join(f"{name}:\n\n{fenced(said(parts))}\n\n" for name, parts in blocks if parts)
    return f"<details><summary>{_summary(what)}</summary>\n\n{_bullets(why)}{shown}</details>\n\n"


def _summary(text: str) -> str:
    """Inside HTML Markdown's signs may count or not; as character references they count nowhere."""
    return "".join(
        sign if sign.isalnum() or sign == " " else f"&#{ord(sign)};" for sign in _in_one_line(text)
    )


def _foot(report: Report) -> str:
    figures = report.figures
    corpus, prices = figures.corpus, figures.prices
    rows = f"{corpus.chosen} rows of {corpus.clusters} conversations"
    whose = f"; prices: {prices.source}, {prices.date}" if prices.source else ""
    return f"{escaped(f'{rows}; tokentape {figures.tokentape}, {figures.made_at}{whose}')}\n"
