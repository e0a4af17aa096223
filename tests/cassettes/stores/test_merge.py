"""Order, doubles and ids, on the text of recordings alone."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from tokentape.cassettes.stores.merge import (
    MIXED_RULES,
    Record,
    ids_for,
    in_order,
    not_yet_in,
    numbered,
    rules_of_all,
    without,
)

AT = st.sampled_from(["", *(f"2026-11-21T09:00:0{n}Z" for n in range(5)), "2026-11-21T09:00:01.5Z"])
RECORDS = st.lists(st.builds(Record, AT, st.sampled_from("ab"), st.none(), st.uuids().map(str)), max_size=8)
KEYS = st.lists(
    st.one_of(st.sampled_from(["k" * 24, "k" * 8 + "x", "", "id:w", "id:w-2"]), st.text(max_size=9))
)


def at(*times):
    return [Record(time, "k", None, time) for time in times]


def digest(text):
    return sha256(text.encode()).hexdigest()[:8]


def test_a_second_comes_before_its_fractions():
    times = ["2026-11-21T09:00:00Z", "2026-11-21T09:00:00.000001Z", "2026-11-21T09:00:00.5+00:00"]
    assert [record.at for record in in_order([], at(*reversed(times)))] == times


@given(RECORDS, RECORDS, RECORDS)
def test_merging_loses_nothing_and_keeps_the_order_of_the_cassette(old, one, two):
    merged = in_order(old, one, two)
    assert sorted(merged) == sorted([*old, *one, *two])
    kept = {record.block for record in old}
    assert [record for record in merged if record.block in kept] == old


@given(RECORDS, RECORDS)
def test_adopting_twice_is_adopting_once(old, journal):
    once = in_order(old, not_yet_in(old, journal))
    assert not_yet_in(once, journal) == []
    assert not_yet_in([], journal) == journal


@given(KEYS)
def test_ids_are_unique_and_depend_on_the_keys_only(keys):
    ids = ids_for(keys)
    assert len(set(ids)) == len(ids) == len(keys)
    assert all(ids)
    assert ids_for(list(keys)) == ids


@given(KEYS, KEYS)
def test_what_is_recorded_later_moves_no_id(first, later):
    assert ids_for([*first, *later])[: len(first)] == ids_for(first)


def test_the_form_of_ids_is_frozen():
    key = "5c1e2f3a4b5c6d7e"
    assert ids_for([key, key]) == ["5c1e2f3a", digest(f"{key}:2")]
    assert ids_for([key, key[:8] + "other"]) == ["5c1e2f3a", digest("5c1e2f3aother:1")]
    assert ids_for([""]) == [digest(":1")]


def test_an_id_that_is_taken_is_passed_over():
    fixed = ["id:" + name for name in ("k", digest("k:1"), digest("k:1:2"))]
    assert ids_for([*fixed, "k"])[-1] == digest("k:1:3")


def test_equal_records_are_told_apart_by_their_number():
    same = Record("", "k", None, "x")
    assert list(numbered([same.identity] * 2)) == [(same.identity, 0), (same.identity, 1)]
    assert without([same, same, same], {(same.identity, 1)}) == [same, same]


def test_rules_of_parts():
    assert rules_of_all(["k1:a", "k1:a"]) == "k1:a"
    assert rules_of_all(["k1:a", "k1:b"]) == rules_of_all([]) == MIXED_RULES
