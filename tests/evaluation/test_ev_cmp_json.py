"""JSON in replies: where it is found, how it is compared, and whether it fits its schema."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("jsonschema")
pytest.importorskip("regex")

from tokentape.evaluation.comparing import patience, validating
from tokentape.evaluation.comparing.comparator import Difference, Pair, Verdict
from tokentape.evaluation.comparing.found import FoundJson, found_json
from tokentape.evaluation.comparing.scopes import place_of, written
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.protocols.canonical.conversation import Conversation, OutputFormat
from tokentape.testing.contracts.replies import said

PLAIN = Conversation(())


def compared(spec, before, after, asked=PLAIN):
    (comparator,) = comparators_of(spec)
    before, after = (each if isinstance(each, str) else json.dumps(each) for each in (before, after))
    return comparator.compare(Pair(asked, said(before), said(after)))


# ---- where it is


@pytest.mark.parametrize(
    ("text", "value", "in_prose"),
    [
        ('{"a": 1}', {"a": 1}, False),
        ("42", 42, False),
        ("null", None, False),
        ('```json\n{"a": 1}\n```', {"a": 1}, False),
        ('Here you are:\n```json\n{"a": 1}\n```\nBye.', {"a": 1}, False),
        ('```sh\nls\n```\nand\n```\n{"a": 1}\n```', {"a": 1}, False),
        ('Sure! {"a": 1} Anything else?', {"a": 1}, True),
        ('As [1] says: {"category": "x"}', {"category": "x"}, True),
        ('The tags are ["a", "b"].', ["a", "b"], True),
        ('{x} and {"a": {"b": [1]}}', {"a": {"b": [1]}}, True),
        ('```json\n{"a": 1}', {"a": 1}, False),
    ],
)
def test_json_is_found_wherever_it_is(text, value, in_prose):
    assert found_json(text) == FoundJson(value, in_prose)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prose",
        "{",
        '{"a": 1',
        "{x}",
        "[" * 100_000,
        "As [1] and [2, 3] say: a[] = {}.",
        "It is\n```\n5\n```",
    ],
)
def test_no_json_is_none(text):
    assert found_json(text) is None


def test_the_search_in_prose_ends():
    text = '{"' * 100_000
    assert found_json(text + ' {"a": 1}') is None
    assert found_json(text[:200] + ' {"a": 1}') == FoundJson({"a": 1}, True)


# ---- how it is compared


@pytest.mark.parametrize(
    ("before", "after", "score"),
    [
        ('{"a": 1, "b": 2}', '{"b":2,"a":1.0}', 1),
        ({"a": "Billing "}, {"a": "billing"}, 1),
        ({"a": True}, {"a": 1}, 0),
        ({"a": None}, {}, 0),
        ({"a": None}, {"a": None}, 1),
        ('{"a": NaN}', '{"a": NaN}', 1),
        ({"a": "1"}, {"a": 1}, 0),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 1, "b": 2, "c": 3, "d": 5}, 0.75),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, 0.5),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, 2 / 3),
        ({"a": {}}, {"a": {}}, 1),
        ({"a": {}}, {"a": []}, 0),
        ({"a": {}}, {"a": {"b": 1}}, 0),
        ({"a": 5}, {"a": {"b": 1, "c": 2}}, 0),
        ([1, 2], [2, 1], 0),
        ("1", "1.0", 1),
        (10**20, 1e20, 1),
        ('```json\n{"a": 1}\n```', 'So: {"a": 1}.', 1),
    ],
)
def test_the_score_is_the_share_of_leaves_that_agree(before, after, score):
    verdict = compared("json", before, after)
    assert verdict.score == pytest.approx(score)
    assert verdict.passed is (score == 1)


def test_differences_are_told_by_path():
    before = {"category": "x", "items": [{"id": 1}, {"id": 2}], "old": None, "a.b": 1}
    after = {"category": "y", "items": [{"id": 1}, {"id": 3}, {"id": 4}], "new": {"z": 1}, "a.b": 2}
    verdict = compared("json", before, after)
    assert verdict.differences == (
        Difference("category", "x", "y"),
        Difference("items[1].id", 2, 3),
        Difference("items[2]", None, {"id": 4}, "added"),
        Difference("old", None, None, "missing"),
        Difference('["a.b"]', 1, 2),
        Difference("new", None, {"z": 1}, "added"),
    )
    assert (
        verdict.reason == 'category: "x", now "y"; items[1].id: 2, now 3; items[2] is new: {"id":4}; 3 more'
    )
    assert verdict.score == 1 / 7


@pytest.mark.parametrize(
    ("spec", "score", "reason"),
    [
        ("json:category", 1, "the value agrees"),
        ("json:category,priority", 0.5, "priority: 2, now 3"),
        ("json:meta", 0.5, "meta.note: 5, now 6"),
        ("json:meta.source", 1, "the value agrees"),
        ("json:items[*].id", 0.5, "items[1].id: 2, now 9"),
        ("json:items[0]", 0, 'items[0].n: "a", now "b"'),
        ("json:**.id", 0.5, "items[1].id: 2, now 9"),
        ("json:items[Bob].id", 0.0, "items[1].id: 2, now 9"),
        ('json:"category",nowhere', 1, "the value agrees; neither reply has nowhere"),
    ],
)
def test_a_scope_says_what_counts(spec, score, reason):
    before = {
        "category": "x", "priority": 2, "meta": {"source": "web", "note": 5},
        "items": [{"id": 1, "n": "a"}, {"id": 2, "name": "Bob"}],
    }  # fmt: skip
    after = {
        "category": "X", "priority": 3, "meta": {"source": "web", "note": 6},
        "items": [{"id": 1, "n": "b"}, {"id": 9, "name": "Bob"}],
    }  # fmt: skip
    if spec == "json:items[0]":
        score = 0.5
    verdict = compared(spec, before, after)
    assert (verdict.score, verdict.passed, verdict.reason) == (score, score == 1, reason)


def test_what_is_out_of_scope_is_told_and_does_not_count():
    verdict = compared("json:a", {"a": 1, "b": 2}, {"a": 1, "b": 3})
    assert verdict == Verdict(1.0, True, "the value agrees", (Difference("b", 2, 3, "out of scope"),))


def test_a_scope_that_only_one_side_has_is_a_difference():
    assert compared("json:a.b", {"a": {"b": 1, "c": 2}}, {}).differences[0] == Difference(
        "a.b", 1, None, "missing"
    )
    assert compared("json:a.b", {"a": 5}, {"a": {"b": 1}}).differences[0] == Difference(
        "a.b", None, 1, "added"
    )
    assert compared("json:a.b", {"a": 5}, {"a": 6}).score is None


def test_a_scope_that_neither_side_has_says_nothing():
    verdict = compared("json:categry", {"category": 1}, {"category": 1})
    assert (verdict.score, verdict.flags) == (None, ("nothing in scope",))
    assert verdict.reason == "neither reply has categry"


@pytest.mark.parametrize(
    ("spec", "before", "after", "score"),
    [
        ("json:null=absent", {"a": None, "b": 1}, {"b": 1}, 1),
        ("json:null=absent", {"a": None}, {"a": 1}, 0),
        ("json:null=absent", {"m": {}}, {"m": {"a": None}}, 1),
        ("json:null=absent", {}, {"a": None}, 1),
        ("json:null=absent", {"m": {}}, {"m": {"a": {"b": None}}}, 0),
        ("json:null=absent", {"m": {"a": None}, "b": 1}, {"m": {"a": None}, "b": 2}, 0.5),
        ("json:null=absent", {"a": [None, 1]}, {"a": [1]}, 0),
        ("json:null=absent,lists=any", [{"a": 1, "c": None}, {"b": 1, "c": None}], [{"b": 1}, {"a": 1}], 1),
        ("json:m,null=absent", {"m": {"a": None, "b": 1}}, {"m": 5}, 0),
        ("json:strings=exact", {"a": "X"}, {"a": "x"}, 0),
        ("json:lists=any", ["a", {"b": 1}, 2], [2, "a", {"b": 1}], 1),
        ("json:lists=any", [{"a": 1, "b": 1}, 5], [5, {"a": 1, "b": 2}, 6], 0.5),
    ],
)
def test_options(spec, before, after, score):
    assert compared(spec, before, after).score == pytest.approx(score)


def test_a_reply_without_json():
    verdict = compared("json", {"a": 1}, "I would say it is billing.")
    assert (verdict.score, verdict.passed, verdict.flags) == (0, False, ("no JSON",))
    assert compared("json", "prose", {"a": 1}).score is None
    assert compared("json", {"a": 1}, 'Well: {"a": 1}').flags == ("JSON inside prose",)


def test_differences_are_few_and_short_however_many_there_are():
    verdict = compared("json", dict.fromkeys(map(str, range(500)), "x" * 9_999), {"y": list(range(99))})
    assert len(verdict.differences) == 50
    assert all(len(str(each.before)) < 500 for each in verdict.differences)
    assert verdict.reason.endswith("499 more")
    assert compared("json", {}, {"y": list(range(99))}).differences[0].after == "(an object of 99 values)"


def test_paths():
    assert written(place_of(())) == "$"
    assert written(place_of((0, "a", "b c", "名前", "a\nb"))) == r'[0].a["b c"].名前["a\nb"]'
    assert written(place_of(("k" * 99,))) == f'["{"k" * 60}..."]'


# ---- schemas


def asking(schema, kind="schema"):
    return Conversation((), output=OutputFormat(kind, schema))


TICKET = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "id": {"pattern": "^[a-z]+$"}},
    "required": ["n"],
}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"n": 1, "id": "a"}', "valid"),
        ('```json\n{"n": 1}\n```', "valid"),
        ('{"n": "1", "id": "A"}', 'not valid at id: pattern: "^[a-z]+$"; 1 more'),
        ("{}", 'not valid at $: required: ["n"]'),
        ("no", "not valid at $: no JSON"),
        ('Sure: {"n": 1}', "not valid at $: JSON inside prose"),
    ],
)
def test_the_schema_of_the_request(text, reason):
    verdict = compared("schema", '{"n": 1}', text, asking(TICKET))
    assert (verdict.score, verdict.passed, verdict.reason) == (
        float(reason == "valid"),
        reason == "valid",
        reason,
    )


def test_a_request_for_any_json_and_for_none():
    assert compared("schema", "{}", "[]", asking(None, "json")).score == 1
    assert compared("schema", "{}", "x", asking(None, "json")).score == 0
    assert compared("schema", "{}", "x", asking(None, "text")).score is None
    assert compared("schema", "{}", "x").reason == "the request asks for no structured output"


def test_a_schema_from_a_file(tmp_path):
    path = tmp_path / "s, t.json"
    path.write_text(json.dumps(TICKET))
    assert compared(f'schema:"{path}"', "{}", '{"n": 1}').score == 1
    verdict = compared(f'schema:"{path}"', "{}", '{"n": null}')
    assert verdict.differences == (Difference("n", None, None, 'type: "integer"'),)
    assert verdict.flags == ("the recorded reply is not valid, either",)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": 5}, "it is no JSON Schema: "),
        ({"$ref": "http://example.invalid/x"}, "the schema refers to what is not in it: "),
        ({"$ref": "#"}, "nested too deep"),
        ({"pattern": "("}, "the schema cannot be asked: "),
        ([], "it is no JSON Schema: it is no object"),
        ({"multipleOf": 0.1}, "the schema cannot be asked: "),
    ],
)
def test_a_schema_that_cannot_be_asked_says_nothing(schema, reason):
    after = "1e999" if "multipleOf" in schema else '"x"'
    verdict = compared("schema", "1", after, asking(schema))
    assert (verdict.score, verdict.flags) == (None, ("schema cannot be asked",))
    assert reason in verdict.reason


SLOW = "^(a|aa)+$"
STALLED = "a" * 60 + "!"
DRAFT_7, DRAFT_2019, DRAFT_2020 = (
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)


@pytest.mark.parametrize(
    "schema",
    [
        {"additionalProperties": {"pattern": SLOW}},
        {"patternProperties": {SLOW: True}},
        {"propertyNames": {"pattern": SLOW}},
        {"patternProperties": {"^b": True, SLOW: True}, "additionalProperties": False},
        {"allOf": [{"patternProperties": {SLOW: True}}], "unevaluatedProperties": False},
        {"$schema": DRAFT_2019, "unevaluatedProperties": False, "patternProperties": {SLOW: True}},
        {"$schema": DRAFT_7, "patternProperties": {SLOW: True}},
        {"$schema": DRAFT_2020, "additionalProperties": {"$schema": DRAFT_2020, "pattern": SLOW}},
        {"additionalProperties": {"$schema": DRAFT_7, "allOf": [{"pattern": SLOW}]}},
    ],
    ids=lambda schema: json.dumps(schema)[:60],
)
def test_the_patterns_of_a_schema_have_a_limit_of_time(monkeypatch, schema):
    monkeypatch.setattr(validating, "SECONDS", 0.02)
    verdict = compared("schema", "{}", {STALLED: STALLED}, asking(schema))
    assert verdict.reason == "the patterns of the schema take too long on this reply"


def test_the_limit_is_for_all_searches_together(monkeypatch):
    """Each of them alone would be in time."""
    monkeypatch.setattr(patience, "monotonic", iter(range(99)).__next__)
    monkeypatch.setattr(validating, "SECONDS", 3.5)
    schema = asking({"items": {"pattern": "a"}})
    assert compared("schema", "[]", ["a"] * 4, schema).score == 1
    assert "too long" in compared("schema", "[]", ["a"] * 5, schema).reason


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        ({"patternProperties": {"^a": {"type": "string"}}}, {"a1": 5, "b": 5}, "a1: type"),
        ({"patternProperties": {"^a": True}, "additionalProperties": False}, {"a": 1, "b": 2}, "$: additi"),
        ({"patternProperties": {"^a": True}, "additionalProperties": False}, {"a": 1}, ""),
        ({"allOf": [{"patternProperties": {"^a": True}}], "unevaluatedProperties": False}, {"a": 1}, ""),
        (
            {"allOf": [{"patternProperties": {"^a": True}}], "unevaluatedProperties": False},
            {"b": 1},
            "$: unevaluatedProperties",
        ),
        (
            {"properties": {"p": {"$schema": DRAFT_7, "prefixItems": [{}], "items": {"pattern": "^x"}}}},
            {"p": ["y"]},
            "p[0]: pattern",  # draft 7 knows no prefixItems
        ),
        ({"$defs": {"s": {"pattern": "^x"}}, "items": {"$ref": "#/$defs/s"}}, ["x", "y"], "[1]: pattern"),
    ],
)
def test_patterns_mean_what_they_mean_to_jsonschema(schema, value, reason):
    verdict = compared("schema", "{}", value, asking(schema))
    assert verdict.reason.startswith(f"not valid at {reason}" if reason else "valid")


def test_a_reason_is_one_short_line_however_deep_and_long_the_differences_are():
    before, after = "x" * 999, "y" * 999
    for _ in range(100):
        before, after = {"step": before}, {"step": after}
    verdict = compared("json", [before] * 3, [after] * 3)
    assert len(verdict.reason) < 400
    assert verdict.reason.startswith("...")
    assert verdict.reason.endswith("; 2 more")
    assert compared("json:a,b,c", {}, {"d": 1}).reason == "neither reply has a and 2 more"
