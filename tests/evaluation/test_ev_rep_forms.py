"""The forms: JSON and CSV read back as what was written, Markdown and the terminal show data as text."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from ev_reports import answered, as_json, asked, corpus, report, side, verdict, without
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from tokentape.evaluation.comparing.comparator import Difference, Verdict
from tokentape.evaluation.reporting.about import About, ChangesSaid, CorpusSaid
from tokentape.evaluation.reporting.console import print_report
from tokentape.evaluation.reporting.csvform import columns_of, csv_pieces
from tokentape.evaluation.reporting.jsonform import json_pieces
from tokentape.evaluation.reporting.markdown import escaped, fenced, markdown
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text

HOSTILE = [
    "</script><script>alert(1)</script>",
    "a | b | c",
    "```\n# out of the fence\n```",
    "`````text\nlonger",
    "@octocat and #12, https://evil.example/?x=1 www.evil.example ![x](https://evil.example/p.png)",
    "=cmd|' /C calc'!A0",
    "\ud800 half",
    "\x1b[2J\x1b]0;title\x07",
    "\u202egnp.exe",
    "<!-- --><details open><summary>",
    "[x](javascript:alert(1)) **bold** _it_ ~~no~~ $x$ {{ site.data }}",
    "- [ ] task",
    "1. one",
    "\x00",
    "[bold red]markup[/bold red]",
    "line\r\nline\nline\u2028line",
]
TEXT = st.text() | st.sampled_from(HOSTILE)
VALUE = st.none() | st.floats() | st.integers() | TEXT | st.lists(TEXT, max_size=3)


def hostile(text, value=None):
    """A row of which everything is hostile."""
    before, after = side(text), side(text)
    found = Verdict(0.25, False, text, (Difference(text, value, text, text),), (text,))
    row = asked(category=text, text=text.encode("utf-8", "replace").decode() or "-")
    return [
        answered(
            of=row,
            before=before,
            after=after,
            verdicts={"exact": found, text or "-": found},
            target=text or "-",
        ),
        without(3, reason=text, target=text or "-"),
    ]


@settings(max_examples=60, deadline=None)
@given(TEXT, VALUE)
@example(HOSTILE[0], float("nan"))
@example(HOSTILE[6], 10**5000)
def test_any_data_is_json_that_parses_back(text, value):
    about = About(text, changes=ChangesSaid(text, {text: float("inf")}), corpus=CorpusSaid(places=(text,)))
    told = as_json(hostile(text, value), about=about)
    assert told["title"] == text
    assert len(told["rows"]) == 2
    assert told["rows"][0]["verdicts"][0]["reason"] == text
    assert told["rows"][0]["after"][0]["text"] == text
    assert told["rows"][1]["reason"] == text


def test_the_json_has_a_line_for_each_row_and_only_ascii():
    with report(corpus(5)) as found:
        text = "".join(json_pieces(found))
    assert text.isascii()
    lines = text.splitlines()
    assert len([line for line in lines if line.startswith('{"id"')]) == 5
    assert json.loads(text)["rows_left_out"] == 0


def test_a_limit_leaves_the_better_rows_out_and_says_how_many():
    scored = [answered(at, verdicts={"exact": verdict(at % 4 != 0, score=at / 20)}) for at in range(12)]
    told = as_json(scored, limit=5)
    assert told["rows_left_out"] == 7
    assert [row["verdicts"][0]["passed"] for row in told["rows"]] == [False, False, False, True, True]


def test_rows_come_worst_first():
    scored = [
        answered(1, verdicts={"exact": verdict(True, 1.0)}),
        answered(2, verdicts={"exact": verdict(False, 0.5), "json": verdict(True)}),
        without(3),
        answered(4, verdicts={"exact": verdict(False, 0.0), "json": verdict(False)}),
        answered(5, verdicts={"fuzzy": verdict(None, 0.3)}),
        answered(6, verdicts={"exact": verdict(False, 0.1), "json": verdict(True)}),
        answered(7, verdicts={"exact": Verdict(None, None, "")}),
    ]
    rows = as_json(scored)["rows"]
    order = [row["asked"][0]["text"] for row in rows]
    assert order[:5] == [f"Question {at}?" for at in (4, 6, 2, 3, 5)]
    assert [row["badness"] for row in rows] == pytest.approx([5.0, 3.45, 3.25, 2.0, 0.7, 0.0, 0.0])


def lines_of(found):
    text = "".join(csv_pieces(found))
    text.encode("utf-8")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@settings(max_examples=60, deadline=None)
@given(TEXT, VALUE)
@example(HOSTILE[5], None)
@example("\t=1+1", None)
def test_any_data_is_csv_that_parses_back_and_holds_no_formula(text, value):
    with report(hostile(text, value)) as found:
        head, *lines = lines_of(found)
        assert [name.lstrip("'") for name in head] == [name.lstrip("'") for name in columns_of(found)] or text
    assert [len(line) for line in lines] == [len(head)] * 2
    for cell in (*head, *lines[0], *lines[1]):
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        assert not cell.startswith("-") or float(cell) < 0
    shown = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    assert lines[0][head.index("exact_reason")].removeprefix("'") == shown.removeprefix("'")


def test_a_cell_of_the_csv_fits_every_reader():
    """Excel takes 32 767 characters, and Python's reader 131 072."""
    long = asked(text="x" * 7_900)
    turns = [Message(Role.USER, (Text("y" * 7_900),))] * 30
    with report([answered(of=long, asked=replace(long.conversation, items=(*turns,)))]) as found:
        head, line = lines_of(found)
    cell = line[head.index("asked")]
    assert max(map(len, line)) == len(cell) < 32_767
    assert cell.endswith(" characters more)")


def test_the_csv_says_what_the_rows_say():
    scored = list(corpus(8, targets=("up/one", "up/two"), samples=2))
    with report(scored) as found:
        head, *lines = lines_of(found)
        rows = list(found.rows())
    assert len(lines) == 32
    for line, row in zip(lines, rows, strict=True):
        cells = dict(zip(head, line, strict=True))
        assert (cells["id"], cells["target"], cells["sample"]) == (
            row["id"],
            row["target"],
            str(row["sample"]),
        )
        assert cells["after_usd"] == (
            "" if row["facts"]["after"]["usd"] is None else str(row["facts"]["after"]["usd"])
        )
        assert cells["exact_passed"] == str(row["verdicts"][0]["passed"]).lower()
        assert cells["after"] == "assistant: After."


OUTSIDE = re.compile(r"^(`{3,})text\n.*?\n\1$", re.MULTILINE | re.DOTALL)


@settings(max_examples=80, deadline=None)
@given(TEXT)
@example("".join(HOSTILE))
@example("\n".join(HOSTILE))
def test_markdown_has_no_unescaped_text_of_rows(text):
    with report(hostile(text), strict=True) as found:
        told = markdown(found)
    told.encode("utf-8")
    outside = OUTSIDE.sub("", told)
    ours = re.sub(r"</?(details|summary)>", "", outside)
    assert "<" not in ours
    assert not re.search(r"@\w|#\d|\bgh-\d", unescape(re.sub(r"^#{2,3} ", "", ours, flags=re.M)).lower())
    assert not re.search(r"(?<!\\)`", ours)
    assert not re.search(r"(?<!\\)\]\(|:/(?=/)", ours)
    tables = [line for line in ours.splitlines() if line.startswith("| ")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert widths <= {4, 5, 6, 7, 8}
    assert outside.count("<details>") == outside.count("</details>")


def test_a_name_that_calls_nobody_can_be_copied():
    assert escaped("shop.db#calls of v1.2") == "shop.db#calls of v1.2"
    assert [escaped(each) for each in ("#12", "@me", "gh-7")] == ["\\#\u200b12", "@\u200bme", "gh-\u200b7"]


@given(TEXT)
def test_an_escaped_text_is_one_line_that_starts_no_block(text):
    told = escaped(text)
    assert "\n" not in told
    assert not re.match(r"([#+\-=>]|\d+[.)](\s|$))", told)
    shown = re.sub(r"\\([\\`*_\[\]|~$#+\-=./)])", r"\1", unescape(told)).replace("\u200b", "")
    assert (
        shown.split()
        == "".join(
            each if each.isprintable() else " " if each.isspace() else ""
            for each in text.encode("utf-8", "replace").decode()
        )
        .replace("\u200b", "")
        .split()
    )


OURS = {
    "h2", "h3", "p", "strong", "em", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre", "code",
}  # fmt: skip


class Rendered(HTMLParser):
    """The tags, their attributes, and the text outside of ours."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= set(attributes)

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.tags.add("a comment")


@settings(max_examples=80, deadline=None)
@given(TEXT)
@example("".join(HOSTILE))
@example("\n\n".join(HOSTILE))
@example("</details>\n\n<b>x</b>")
@example("`a` <b> `")
@example("    indented")
def test_rendered_markdown_has_no_element_of_the_data(text):
    with report(hostile(text), strict=True) as found:
        rendered = Rendered(markdown(found))
    assert rendered.tags <= OURS
    assert rendered.attributes <= {("class", "language-text")}
    words = "".join(each if each.isprintable() else " " if each.isspace() else "" for each in text)
    shown = "".join(rendered.text.replace("\u200b", "").split())
    assert "".join(words.replace("\u200b", "").split()) in shown or not text.isprintable()


@given(st.text(alphabet="`~\n a"))
def test_a_fence_is_longer_than_any_inside(text):
    lines = fenced(text).split("\n")
    fence = lines[-1]
    assert lines[0] == f"{fence}text"
    assert not any(line.strip().startswith(fence) for line in lines[1:-1])


def test_markdown_fits_a_comment():
    wide = [
        answered(at, category="x" * 900 + str(at), verdicts={"exact": verdict(False, reason="y" * 7000)})
        for at in range(80)
    ]
    with report(wide) as found:
        whole, short = markdown(found), markdown(found, longest=3000)
        everything = markdown(found, worst=80, longest=10**9)
    assert len(whole) <= 60_200
    assert len(short) <= 3200
    assert "parts are left out here" in short
    assert "left out here" not in everything
    assert short.startswith("## ")


def test_markdown_tells_verdict_first_then_gates_totals_categories_and_the_worst():
    with report(list(corpus(30, targets=("up/one", "up/two"))), strict=True) as found:
        told = markdown(found)
        headline = found.figures.verdict.headline
    places = [
        told.index(each)
        for each in (headline[:20], "### Gates", "### Totals", "### Categories: up/one", "### Worst rows")
    ]
    assert places == sorted(places)
    assert told.count("<details>") == 5


def printed(found, width=80, **more):
    out = io.StringIO()
    print_report(found, Console(file=out, width=width, highlight=False, **more))
    return out.getvalue()


@settings(max_examples=40, deadline=None)
@given(TEXT)
def test_the_terminal_shows_any_data_as_text(text):
    with report(hostile(text), strict=True) as found:
        told = printed(found)
    assert "\x1b" not in told
    assert all(sign == "\n" or sign.isprintable() for sign in told)


def test_the_terminal_is_readable_at_80_columns():
    with report(list(corpus(40, targets=("up/one", "up/two"))), strict=True, min_pass=["exact=0.5"]) as found:
        told = printed(found)
        assert "up/one" in told
    assert max(map(len, told.splitlines())) <= 80
    for word in ("Gates", "FAILED", "holds", "Worst rows", "mean time to first", "category"):
        assert word in told
    assert not any(
        line != line.rstrip() for line in told.splitlines() if "│" not in line and "  " not in line[-3:]
    )


def test_rows_that_pass_are_no_worst_rows():
    passed = {"exact": Verdict(None, None, "no text"), "fuzzy": verdict(True, 0.93)}
    with report([answered(1, verdicts=passed)]) as found:
        assert "Worst rows" not in printed(found) + markdown(found)
    with report([answered(1, verdicts=passed), answered(2, verdicts={"len": verdict(None, 0.4)})]) as found:
        for told in (printed(found), markdown(found)):
            assert told.count("len: why") == 1
            assert "answered:" not in told


def test_markup_of_the_terminal_is_text():
    with report([answered(verdicts={"exact": verdict(False, reason="[bold red]x[/bold red]")})]) as found:
        assert "[bold red]x[/bold red]" in printed(found)


def test_colours_are_for_terminals_only():
    with report(list(corpus(5))) as found:
        assert "\x1b[" in printed(found, force_terminal=True, color_system="standard")
        assert "\x1b[" not in printed(found)


def test_the_title_is_the_one_given():
    about = replace(About("What of Haiku?"), kind="drift", samples=3)
    told = as_json([], about=about)
    assert (told["title"], told["kind"], told["samples"]) == ("What of Haiku?", "drift", 3)
