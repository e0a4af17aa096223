"""A cassette recorded in one stack replays in every other: status, header fields, decoded body, fault."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.metadata import version

import pytest
from stack_calls import stacks
from stack_cases import CASES

import tokentape

STACKS = stacks()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_stack_gets_the_same_while_recording(recorded, case):
    """Only what of a broken body reaches the caller before the exception is each library's own choice."""
    seen = {name: [_undated(got) for got in recorded(name).got[case.name]] for name in STACKS}
    for name, got in seen.items():
        assert [one.status for one in got] == list(case.statuses), name
        assert {one.fault for one in got} == {case.fault} or says_nothing(name, case), name
        if case.fault is None:
            assert got == seen["http.client"], name


def says_nothing(name, case):
    """urllib3 1 takes a body that is shorter than its Content-Length as it comes."""
    old = name in ("urllib3", "requests") and version("urllib3").startswith("1.")
    return old and case.name == "cut by length"


@pytest.mark.parametrize("replayer", STACKS)
@pytest.mark.parametrize("recorder", STACKS)
def test_recorded_by_one_replayed_by_another(recorded, recorder, replayer):
    """The caller gets the recorded reply, and of it what this stack gives its callers live."""
    tape, live = recorded(recorder), recorded(replayer)
    with tokentape.use_cassette(tape.file, mode="none") as deck:
        for case in CASES:
            for asked, kept, own in zip(case.calls, tape.got[case.name], live.got[case.name], strict=True):
                got = STACKS[replayer](tape.url, asked)
                assert _uncookied(got) == _uncookied(replace(own, headers=kept.headers)), case.name
        assert deck.unused == []
    assert (deck.tally.missed, deck.tally.recorded) == (0, 0)


def _undated(got):
    return replace(got, headers=tuple(field for field in got.headers if field[0] != "date"))


def _uncookied(got):
    """Cookies lose their values on tape (redaction), and keep names and attributes."""
    fields = [
        (name, re.sub("=[^;]*", "=", value, count=1) if name == "set-cookie" else value)
        for name, value in got.headers
    ]
    return replace(got, headers=tuple(fields))
