"""The specification of comparators: what it means, and what is said about each mistake."""

from __future__ import annotations

import pytest

pytest.importorskip("rapidfuzz")
pytest.importorskip("jsonschema")
pytest.importorskip("regex")

from tokentape.errors import UsageError
from tokentape.evaluation.comparing import extras, registry
from tokentape.evaluation.comparing.contains import Contains
from tokentape.evaluation.comparing.exact import Exact
from tokentape.evaluation.comparing.fuzzy import Fuzzy
from tokentape.evaluation.comparing.jsons import Jsons
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.registry import BUILT_IN, by_name, kind_named, known_names
from tokentape.evaluation.comparing.spec import comparators_of


def test_names_up_to_the_next_comparator_belong_to_the_one_before():
    found = comparators_of("exact, json:category,priority ,toolcalls,fuzzy:0.9")
    assert [each.name for each in found] == ["exact", "json:category,priority", "toolcalls", "fuzzy:0.9"]
    assert isinstance(found[0], Exact)
    assert isinstance(found[1], Jsons)
    assert found[1].paths == ("category", "priority")
    assert found[3] == Fuzzy("fuzzy:0.9", 0.9)


def test_a_field_called_as_a_comparator_goes_in_quotes():
    (only,) = comparators_of("json:category,\"length\",'cost'")
    assert only.paths == ("category", "length", "cost")


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ('contains:"Hello, world"', ("Hello, world",)),
        ("contains:Hello, world", ("Hello", "world")),
        ('contains:"say ""hi"""', ('say "hi"',)),
        ("contains:it's", ("it's",)),
        ("contains:a=b:c", ("a=b:c",)),
        ("contains:'a,exact'", ("a,exact",)),
    ],
)
def test_quotes(spec, texts):
    (only,) = comparators_of(spec)
    assert isinstance(only, Contains)
    assert only.texts == texts


def test_a_pattern_needs_no_quotes_for_its_commas():
    pattern, exact = comparators_of(r"regex:^\d{1,3}, or \w+,exact")
    assert (pattern.pattern.pattern, exact.name) == (r"^\d{1,3}, or \w+", "exact")
    (quoted,) = comparators_of(r'regex:"\d,exact"')
    assert quoted.pattern.pattern == r"\d,exact"


def test_options_have_names():
    (calls,) = comparators_of("toolcalls:order=any,arguments=ignored,strings='exact'")
    assert (calls.any_order, calls.only_names, calls.rules.exact_strings) == (True, True, True)
    (numbers,) = comparators_of("numbers:0.01,absolute=2,extra=allowed")
    assert (numbers.relative, numbers.absolute, numbers.extra_allowed) == (0.01, 2.0, True)


def test_one_comparator_may_come_twice_with_other_arguments():
    assert len(comparators_of("json:category,json:priority,json")) == 3


@pytest.mark.parametrize(
    ("spec", "at", "said"),
    [
        ("", 1, "nothing stands where the name of a comparator is expected"),
        ("exact,", 7, "nothing stands where the name of a comparator is expected"),
        ("exact fuzzy", 1, "'exact fuzzy' stands where the name of a comparator is expected"),
        (":x", 1, "':x' stands where"),
        ("fuzy", 1, "no comparator is called 'fuzy'; is it 'fuzzy'?"),
        ("exact,zzz", 7, "no comparator is called 'zzz'; there are exact, fuzzy, contains"),
        ("fuzzy:2", 7, "fuzzy: the threshold is a number from 0 to 1, not '2'"),
        ("fuzzy:nan", 7, "not 'nan'"),
        ("numbers:-1", 9, "the relative tolerance is a number from 0 on, not '-1'"),
        ("exact,exact", 7, "'exact' is named twice"),
        ("json:", 6, "json: an argument is missing"),
        ("json:a,,b", 8, "json: an argument is missing"),
        ("json:a..b", 6, "path 'a..b' cannot be read at character 2"),
        (
            "json:a,toolcall",
            8,
            "'toolcall' is nearly the comparator 'toolcalls'; as an argument it goes in quotes",
        ),
        ('json:"a', 6, "json: the quote is not closed"),
        ('json:"a"b', 9, "'b' stands where a comma is expected"),
        ("json:lists=any,lists=any", 22, "the option 'lists' is given twice"),
        ("toolcalls:ordr=any", 11, "has no option 'ordr', but order, arguments, strings, null, lists"),
        ("toolcalls:order=no", 17, "order is one of kept, any, not 'no'"),
        ("toolcalls:search", 11, "takes no argument, and 'search' is one"),
        ("latency:1,2", 11, "takes one limit, and '2' is a second one"),
        ("exact:loose", 7, "takes the word `strict` or nothing, not 'loose'"),
        ("regex", 1, "regex: needs a pattern"),
        ("regex:(", 7, 'regex: "(" is no pattern: missing )'),
        ('contains:""', 10, "an empty text is in every reply"),
        ("schema:no-such-file.json", 8, "cannot read no-such-file.json"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_and_where(spec, at, said):
    with pytest.raises(UsageError) as caught:
        comparators_of(spec)
    assert str(caught.value).startswith(f"--compare, character {at}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"type": 5}', '{"$ref": "http://example.invalid/x"}'])
def test_a_schema_file_has_to_hold_one(tmp_path, text):
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"--compare, character 8: schema: .*s\.json: "):
        comparators_of(f"schema:{path}")


@pytest.mark.parametrize(
    ("spec", "package"),
    [("fuzzy", "rapidfuzz"), ("exact,regex:a", "regex"), ("schema", "jsonschema")],
)
def test_without_its_extra_a_comparator_says_which_one_it_is(monkeypatch, spec, package):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=rf"needs {package}: pip install 'tokentape\[evaluation\]'"):
        comparators_of(spec)


# ---- the registry


class Point:
    """An entry point, as `importlib.metadata` gives it."""

    def __init__(self, name, value, found=None):
        self.name, self.value, self.found = name, value, found
        self.loaded = 0

    def load(self):
        self.loaded += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture
def points(monkeypatch):
    """Sets what is installed, and counts how often that is asked."""
    asked = []

    def install(*given):
        registry._others.cache_clear()
        monkeypatch.setattr(
            "importlib.metadata.entry_points", lambda group: asked.append(group) or list(given)
        )
        return asked

    yield install
    registry._others.cache_clear()


def made(name):
    return Kind(name, means="x", passes="x", make=lambda given: Exact(given.name))


def test_third_parties_are_looked_for_only_where_a_name_is_none_of_ours(points):
    point = Point("rouge", "rouge_tapes:KIND", made("rouge"))
    asked = points(point)
    comparators_of("exact,toolcalls")
    assert not asked
    assert [each.name for each in comparators_of("json:category,rouge")] == ["json:category", "rouge"]
    assert asked == ["tokentape.comparators"]
    assert known_names()[-1] == "rouge"
    assert point.loaded == 1, "only what is named is loaded"


def test_a_name_that_is_only_looked_at_loads_nothing(points):
    point = Point("rouge", "rouge_tapes:KIND", made("rouge"))
    points(point)
    assert comparators_of("json:category,other")[0].paths == ("category", "other")
    assert not point.loaded


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([Point("exact", "mine:KIND")], "two comparators are called 'exact': tokentape itself and mine:KIND"),
        (
            [Point("a", "one:KIND"), Point("a", "two:KIND")],
            "two comparators are called 'a': one:KIND and two:KIND",
        ),
        ([Point("zzz", "one:KIND", ImportError("no one"))], "'zzz' (one:KIND) cannot be loaded: no one"),
        ([Point("zzz", "one:KIND", AttributeError("no KIND"))], "cannot be loaded: no KIND"),
        ([Point("zzz", "one:KIND", 5)], "'zzz' (one:KIND) is no tokentape"),
        ([Point("zzz", "one:KIND", made("other"))], "of that name"),
    ],
    ids=["ours", "theirs", "no module", "no attribute", "no kind", "another name"],
)
def test_what_is_wrong_with_a_third_party_is_named(points, given, said):
    points(*given)
    with pytest.raises(UsageError) as caught:
        kind_named("zzz")
    assert said in str(caught.value)


def test_two_of_one_name_are_an_error_that_names_both():
    with pytest.raises(UsageError, match=r"two comparators are called 'exact': .*exact\._make and .*made"):
        by_name([*BUILT_IN, made("exact")])


def test_every_example_can_be_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ticket.schema.json").write_text("{}")
    for kind in BUILT_IN:
        (only,) = comparators_of(kind.example)
        assert only.name == kind.example
