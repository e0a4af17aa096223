"""A page of the documentation as tests see it: its fenced blocks, and the remarks that stand before them.

Remarks are HTML comments, so a reader of the site does not see them:

    <!-- not run: WHY -->            the next block is not run; a reason must be given
    <!-- exit code: 1 -->            the next command ends with this code (0 otherwise)
    <!-- file: PATH -->              the next block is this file of the repository, or a part of it, line by line
    <!-- setup: COMMAND -->          run this first, as the text above says it was
    <!-- provider answers: TEXT -->  the provider's next reply says this
    <!-- provider fails: 503 -->     the provider's next reply is this error
    <!-- provider stops -->          nothing listens from here on, so what runs below runs offline
    <!-- provider starts -->         it listens again
    <!-- no keys -->                 from here on no credentials are in the environment

`$ tokentape serve` starts a gateway, which goes on until the page ends, or starts another one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PART = re.compile(
    r"^(?P<indent>[ ]*)```(?P<language>[a-z]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```[ ]*$|<!--(?P<remark>.*?)-->",
    re.DOTALL | re.MULTILINE,
)
_NAMED = re.compile(r"(?:#|//) (?P<name>[\w./-]+\.[a-z]+)(?::.*)?$")


@dataclass(frozen=True)
class Remark:
    """A comment that tells the test something."""

    name: str
    text: str


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is where it starts."""

    language: str
    text: str
    line: int
    remarks: tuple[Remark, ...]

    def says(self, name: str) -> str | None:
        """What the remark `name` before this block says."""
        return next((remark.text for remark in self.remarks if remark.name == name), None)

    @property
    def file(self) -> str | None:
        """The file that the block's first line names (`# test_summary.py`), or None."""
        found = _NAMED.match(self.text.partition("\n")[0])
        return found["name"] if found and self.language in ("python", "toml", "yaml") else None


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of the page, in order."""
    text = path.read_text(encoding="utf-8")
    found: list[Block] = []
    remarks: list[Remark] = []
    for part in _PART.finditer(text):
        if part["remark"] is not None:
            name, _, said = part["remark"].strip().partition(":")
            remarks.append(Remark(name.strip(), said.strip()))
            continue
        line = text.count("\n", 0, part.start()) + 1
        inner = re.sub(f"^{part['indent']}", "", part["text"], flags=re.MULTILINE)
        found.append(Block(part["language"], inner, line, tuple(remarks)))
        remarks = []
    return found


@dataclass(frozen=True)
class Command:
    """A `$ ` line of a console block, and the output shown under it ("" if none is shown)."""

    line: str
    output: str


def commands(text: str) -> list[Command]:
    """The commands of a console block."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not parts[0].strip(), "a console block starts with a command"
    found = []
    for part in parts[1:]:
        line, _, output = part.partition("\n")
        while line.endswith("\\"):
            more, _, output = output.partition("\n")
            line = line[:-1] + more.lstrip()
        found.append(Command(line, output))
    return found


_VARYING = (
    (re.compile(r"\b\d+\.\d\ds\b"), "0.00s"),
    (re.compile(r"\b\d+(\.\d+)? ms\b"), "0 ms"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:0"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8}\b"), "00000000"),
    (re.compile(r"T\d\d:\d\d:\d\d\.\d+Z"), "T00:00:00Z"),
    (re.compile(r'"head_ms": \d+, "chunk_ms": \[[\d, ]*\]'), '"head_ms": 0, "chunk_ms": []'),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "2026-01-01"),
    (re.compile(r"[-=_─━]{4,}"), "----"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
    (re.compile(r" {2,}(\[ *\d+%\])"), r" \1"),
)


def fits(shown: str, real: str) -> bool:
    """True if `real` is what the page shows. `...` stands for anything; times, ids and widths do not count."""
    for pattern, settled in _VARYING:
        shown, real = pattern.sub(settled, shown), pattern.sub(settled, real)
    wanted = re.escape(shown.strip())
    wanted = re.sub(r"(?:(?<=\n)|^)\s*\\\.\\\.\\\.(?=\\?\n|$)", ".*", wanted).replace(r"\.\.\.", ".*?")
    return re.fullmatch(wanted, real.strip(), re.DOTALL) is not None
