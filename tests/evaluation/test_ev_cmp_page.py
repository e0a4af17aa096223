"""The tables of the reference name what the registry has, all of it and nothing else."""

from __future__ import annotations

from pathlib import Path

from tokentape.evaluation.comparing.brief import BLIND, CUT
from tokentape.evaluation.comparing.judge import DISAGREE, ORDER, RUBRIC, UNANSWERED, UNREADABLE
from tokentape.evaluation.comparing.refusals import PHRASES
from tokentape.evaluation.comparing.registry import BUILT_IN

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "comparators.md"


def tables():
    """The rows of each table, as they are written."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    return [block[2:] for block in blocks]


def row(*cells):
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def test_the_comparators():
    assert tables()[0] == [
        row(f"`{kind.name}`", f"`{kind.example}`", kind.means, kind.passes) for kind in BUILT_IN
    ]


def test_the_options():
    assert tables()[1] == [
        row(f"`{kind.name}`", f"`{option}`", says)
        for kind in BUILT_IN
        for option, says in kind.options.items()
    ]


def test_the_phrases_of_refusals():
    assert tables()[4] == [row(language, "; ".join(phrases)) for language, phrases in PHRASES.items()]


def test_the_flags_of_judges():
    assert {line.split("`")[1] for line in tables()[3]} == {
        ORDER,
        DISAGREE,
        UNANSWERED,
        UNREADABLE,
        CUT,
        BLIND,
    }


def test_the_rubric():
    assert f"```text\n{RUBRIC}\n```" in PAGE.read_text(encoding="utf-8")


def test_which_is_which_counts_where_the_page_says_so():
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    alone = [f"`{kind.name}`" for kind in BUILT_IN if kind.judges == "new"]
    either = [f"`{kind.name}`" for kind in BUILT_IN if not kind.is_symmetric and kind.judges == "both"]
    assert f"{alone[0]}, {alone[1]} and {alone[2]} judge the new reply by itself" in text
    assert f"The scores of {', '.join(either[:-1])} and {either[-1]} depend on which" in text
