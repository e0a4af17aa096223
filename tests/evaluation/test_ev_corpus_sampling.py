"""A sample is the same in every run, and a larger one has the smaller one in it."""

from __future__ import annotations

from collections import Counter

import pytest
from ev_corpora import chat, tape
from hypothesis import given
from hypothesis import strategies as st

from tokentape.errors import UsageError
from tokentape.evaluation.corpus.choosing import Corpus
from tokentape.evaluation.corpus.sampling import Sample

SIZES = {"extract": 60, "triage": 25, "summary": 12, "chat": 3}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    calls = [
        chat(f"{name} {number}", metadata={"category": name}, at=f"2026-11-21T09:{number:02d}:00Z")
        for name, size in SIZES.items()
        for number in range(size)
    ]
    return tape(f"sqlite:{tmp_path_factory.mktemp('corpus')}/t.db#all", *calls)


def asked(place, **how):
    with Corpus(place, **how) as corpus:
        return [(found.metadata["category"], found.key) for found in corpus]


def test_the_same_rows_in_each_run_and_in_another_store(place, tmp_path):
    from tokentape.evaluation.corpus.rows import rows

    first = asked(place, sample="20")
    assert first == asked(place, sample="20")
    assert len(first) == 20
    again = [found.interaction for found in rows(place)]
    other = tape(tmp_path / "other.json", *reversed(again))
    assert set(asked(other, sample="20")) == set(first)


@pytest.mark.parametrize("by", [None, "category"])
def test_a_larger_sample_has_the_smaller_one_in_it(place, by):
    before = set()
    for size in ("1", "4", "5", "17", "40%", "50", "99%", "100", "1000"):
        now = set(asked(place, sample=size, by=by))
        assert before <= now
        before = now
    assert len(before) == 100


def test_categories_have_their_share_and_each_has_one(place):
    assert Counter(name for name, _ in asked(place, sample="4", by="category")) == dict.fromkeys(SIZES, 1)
    half = Counter(name for name, _ in asked(place, sample="50%", by="category"))
    assert sum(half.values()) == 50
    assert all(abs(half[name] - size / 2) <= 1 for name, size in SIZES.items())


def test_a_sample_is_taken_of_what_can_be_used_and_fits(place):
    found = asked(place, where='category == "extract"', sample="10%")
    assert [name for name, _ in found] == ["extract"] * 6
    assert asked(place, where="streamed", sample="10%") == []


@pytest.mark.parametrize(
    ("text", "total", "size"),
    [("200", 1000, 200), ("200", 50, 50), ("10%", 100, 10), ("10 %", 101, 11), ("0.5%", 10, 1), ("100%", 7, 7),
     (" 1 ", 0, 0), ("30%", 10, 3)],
)  # fmt: skip
def test_sizes(text, total, size):
    assert Sample.of(text).size(total) == size


@pytest.mark.parametrize("text", ["", "0", "0%", "101%", "-1", "0.1", "many", "1e3", "10%%", "१"])
def test_what_is_no_size(text):
    with pytest.raises(UsageError, match="200"):
        Sample.of(text)


@given(st.floats(0.01, 100), st.integers(0, 10**6))
def test_a_share_is_never_more_than_all_nor_nothing_of_something(percent, total):
    size = Sample.of(f"{percent:.2f}%").size(total)
    assert min(1, total) <= size <= total
