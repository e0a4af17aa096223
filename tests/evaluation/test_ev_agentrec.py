"""tokentape beside agentrec on one corpus: `nox -s agentrec`. The page in the docs is what a run says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

pytest.importorskip("agentrec", reason="runs in the session `agentrec` of nox")
pytest.importorskip("yaml")
pytestmark = pytest.mark.filterwarnings("ignore")

from matrix.agentrec import PAGE, page, run  # noqa: E402


@pytest.fixture(scope="module")
def found():
    return run()


def test_every_row_of_agentrec_is_one_of_ours(found):
    assert found.only_theirs == []


@pytest.mark.parametrize("dialect", ["openai.responses", "bedrock.converse", "ollama", "cohere"])
def test_rows_that_agentrec_cannot_read(found, dialect):
    assert found.ours[dialect]
    assert dialect not in found.theirs


def test_each_difference_of_comparators_is_listed(found):
    assert found.unlisted == []


def test_the_page_is_of_a_run(found):
    """`python -m matrix.agentrec --write` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page(found)
