"""Names as file names: safe, stable, distinct, and never outside the root."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.cassettes.stores.names import LONGEST, safe_name, safe_path

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize(
    "name",
    [
        "summary",
        "TestFoo.test_bar[gpt-4.1-mini]",
        "a b",
        "test_größe",
        "日本語",
        "x=1,y=2",
        "v1.2_(final)+@home",
    ],
)
def test_fit_names_stay_readable(name):
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "...", "../x", "/x", "a/b", "a\\b", "a\x00b", "nul", "NUL", "con.tar", "COM1", "lpt9.x",
        "com¹", "aux .x", "x.", "x ", " x", ".x", "-rf", "a:b", "a*b", 'a"b', "a<b", "a|b", "a?b", "$HOME", "`x`",
        "🙂", "a\u202eb", "a\u200bb", "\ud800", "x" * 111, "ü" * 60, "e\u0301", "a\nb", "~root", "#", "%00",
    ],
)  # fmt: skip
def test_hostile_names_are_cleaned_and_carry_a_hash(name):
    clean = safe_name(name)
    assert clean != name
    assert clean.rpartition("-")[2].isalnum()
    assert not set(clean) & set('/\\\x00:*?"<>|\n')
    assert clean[0] not in ".- "
    assert clean[-1] not in ". "


def test_names_that_clean_alike_stay_apart():
    names = ["a?b", "a*b", "a_b", "a/b", "🙂", "🙃", "x" * 200, "x" * 201, "é", "e\u0301"]
    assert len({safe_name(name) for name in names}) == len(names)


def test_names_are_frozen():
    """A name that maps to another file in a later version loses its recording."""
    assert safe_name("what?") == "what_-2cc9a59ae1"
    assert safe_name("..") == "unnamed-5ec1f7e700"
    assert safe_name("nul") == "_nul-99e6242759"
    assert safe_path("suite", "../test[🙂]") == "suite/unnamed-5ec1f7e700/test[_]-f939f71b37"


@given(ANY_TEXT)
@settings(max_examples=200)
def test_any_text_gives_one_short_name_that_is_its_own(text):
    clean = safe_name(text)
    assert 0 < len(clean.encode()) <= LONGEST
    assert os.path.basename(clean) == clean
    assert clean not in {".", ".."}
    assert safe_name(clean) == clean


@given(st.lists(ANY_TEXT, min_size=1, max_size=4))
@settings(max_examples=200)
def test_no_path_leaves_the_root(parts):
    joined = os.path.normpath(os.path.join("/root", safe_path(*parts)))
    assert joined.startswith("/root/")
    assert safe_path(safe_path(*parts)) == safe_path(*parts)


def test_paths_keep_their_parts():
    assert safe_path("a/b", "c") == "a/b/c"
    assert safe_path("a\\b") == "a/b"
    assert safe_path("/abs//olute/") == "abs/olute"
    assert safe_path("") == safe_path("/") == safe_name("")
