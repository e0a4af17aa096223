"""The committed pages of the matrix of protocols are what the code gives."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from matrix.protocols import main
from matrix.protocols_cells import Cell
from matrix.protocols_pages import DOCS, MARKS, differing, pages

from tokentape.protocols.canonical.losses import Loss, Severity


def test_the_pages_are_what_the_code_gives():
    assert differing() == [], "write them with: python -m matrix.protocols --write"


def test_the_command_says_that_all_is_well(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == "no cell is wrong\n"


def test_every_pair_has_a_page_that_the_matrix_links():
    made = pages()
    assert len(made) == 1 + 7 * 6
    assert all(f"({name})" in made["protocol-matrix.md"] for name in made if name.startswith("losses/"))
    assert DOCS.name == "reference"


def test_a_cell_has_the_worst_of_its_verdicts():
    tuning = Loss("", "x", "y", Severity.TUNING)
    meaning = Loss("", "x", "y", Severity.MEANING)
    right, less, refused, wrong, absent = (
        Cell(),
        Cell((), (tuning,)),
        Cell((), (meaning,)),
        Cell(("no",)),
        Cell(absent="-"),
    )
    assert [cell.verdict for cell in (right, less, refused, wrong, absent)] == [
        "right", "less", "refused", "wrong", "absent",
    ]  # fmt: skip
    assert (less + refused).verdict == "refused"
    assert (refused + wrong).verdict == "wrong"
    assert (absent + less).verdict == (less + absent).verdict == "less"
    assert set(MARKS) == {"right", "less", "refused", "wrong", "absent"}
