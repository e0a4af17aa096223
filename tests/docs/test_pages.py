"""What the documentation shows is what happens: every command and every piece of code is run."""

from __future__ import annotations

import re
import shutil

import pytest
from page import Block, blocks, commands, fits
from reader import ROOT, Reader

pytest.importorskip("openai")
pytest.importorskip("anthropic")

PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
READABLE = {
    "python",
    "console",
    "text",
    "toml",
    "yaml",
    "json",
    "mermaid",
    "",
    "makefile",
    "javascript",
    "sh",
    "dockerfile",
}
MOST_NOT_RUN = 12


def name(page) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_the_page_shows_is_what_happens(page, tmp_path, provider):
    if "\n$ curl " in page.read_text(encoding="utf-8") and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    reader = Reader(tmp_path, provider)
    try:
        for block in blocks(page):
            assert block.language in READABLE, f"line {block.line}: {block.language}"
            reader.follow(block)
    finally:
        reader.close()


def test_few_blocks_are_not_run_and_each_has_a_reason():
    reasons = [
        said for page in PAGES for block in blocks(page) if (said := block.says("not run")) is not None
    ]
    assert all(reasons)
    assert len(reasons) <= MOST_NOT_RUN


def test_no_remark_is_misspelt():
    known = {
        "not run",
        "setup",
        "exit code",
        "file",
        "provider answers",
        "provider fails",
        "provider stops",
        "provider starts",
        "no keys",
    }
    for page in PAGES:
        for block in blocks(page):
            assert {remark.name for remark in block.remarks} <= known, f"{page}: line {block.line}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=name)
def test_links_between_files_of_the_repository_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target and not target.startswith("mailto:") and not target.endswith("benchmarks.md"):
            assert (page.parent / target).exists(), target


def test_blocks_and_remarks_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- exit code: 1 -->\n```console\n$ false\n```\n\n1. a\n\n    ```python\n    x = 1\n    ```\n"
    )
    first, second = blocks(page)
    assert (first.language, first.says("exit code"), first.line) == ("console", "1", 2)
    assert second.text == "x = 1\n"
    assert second.remarks == ()


def test_commands_and_their_output():
    one, two = commands("$ a \\\n    b\n$ c\nout\n")
    assert (one.line, one.output) == ("a b", "")
    assert (two.line, two.output) == ("c", "out\n")


def test_a_file_is_named_by_the_first_line():
    assert Block("python", "# tests/test_a.py\nx = 1\n", 1, ()).file == "tests/test_a.py"
    assert Block("python", "x = 1\n", 1, ()).file is None
    assert Block("python", "# Say it.\nx = 1\n", 1, ()).file is None


@pytest.mark.parametrize(
    ("shown", "real", "same"),
    [
        ("1 passed in 0.41s", "1 passed in 3.20s", True),
        ("1 passed in 0.41s", "2 passed in 0.41s", False),
        ("a\n...\nz", "a\nb\nc\nz", True),
        ("a ... z", "a b z", True),
        ("a ... z", "a b y", False),
        ("a\n...", "a\nb\nc", True),
        ("------- x -----", "---- x ----", True),
        ("line (a) [b]", "line (a) [b]", True),
    ],
)
def test_what_fits(shown, real, same):
    assert fits(shown, real) is same
