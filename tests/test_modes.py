"""The record modes, exactly."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest

import tokentape
from tokentape.errors import CassetteExpired, CassetteNotFound, ReplayMiss, TokentapeWarning, UsageError

pytestmark = pytest.mark.usefixtures("outside")


@pytest.fixture
def path(outside):
    return outside / "tape.json"


def recorded(path):
    return [entry["asks"] for entry in json.loads(path.read_text())["interactions"]]


def record(path, ask, *texts, **options):
    with tokentape.use_cassette(path, mode="once", **options):
        for text in texts:
            ask(text)


def test_once_records_when_there_is_nothing(path, ask, provider):
    record(path, ask, "One.")
    assert recorded(path) == ["One."]
    assert json.loads(path.read_text())["finished"] is True


def test_once_replays_a_finished_cassette_and_a_new_request_is_a_miss(path, ask, provider):
    record(path, ask, "One.")
    with tokentape.use_cassette(path, mode="once"):
        assert "One." in ask("One.")
    with pytest.raises(ReplayMiss), tokentape.use_cassette(path, mode="once"):
        ask("Two.")
    assert provider.count == 1


def test_once_goes_on_with_an_unfinished_cassette(path, ask, provider):
    with pytest.raises(RuntimeError), tokentape.use_cassette(path, mode="once"):
        ask("One.")
        raise RuntimeError
    assert json.loads(path.read_text())["finished"] is False
    record(path, ask, "One.", "Two.")
    assert provider.count == 2
    assert recorded(path) == ["One.", "Two."]
    assert json.loads(path.read_text())["finished"] is True


def test_going_on_asks_again_where_the_credential_was_rejected(path, ask, provider):
    provider.fails(401)
    with pytest.raises(RuntimeError), tokentape.use_cassette(path, mode="once", errors="record"):
        assert "Scripted" in ask("One.")
        raise RuntimeError
    with tokentape.use_cassette(path, mode="once"):
        assert "Scripted" not in ask("One.")
    assert provider.count == 2
    assert len(recorded(path)) == 1


def test_once_with_no_calls_leaves_an_empty_cassette_that_goes_on(path):
    record(path, None)
    assert json.loads(path.read_text()) == {
        "tokentape": 1,
        "rules": json.loads(path.read_text())["rules"],
        "finished": False,
        "interactions": [],
        "count": 0,
    }
    with tokentape.use_cassette(path, mode="none"):
        pass


def test_none_with_no_file_is_an_error_with_the_recording_command(path):
    with pytest.raises(CassetteNotFound, match=r"tape\.json: there is no such cassette.*TOKENTAPE_MODE=once"):
        tokentape.use_cassette(path, mode="none").__enter__()


def test_none_replays_only(path, ask, provider):
    record(path, ask, "One.")
    before = path.read_bytes()
    with pytest.raises(ReplayMiss), tokentape.use_cassette(path, mode="none"):
        assert "One." in ask("One.")
        assert "no recording" in ask("Two.").lower() or "Two." in ask("Two.")
    assert provider.count == 1
    assert path.read_bytes() == before


def test_R15_a_miss_moves_nothing(path, ask, provider):
    record(path, ask, "One.", "One.")
    with pytest.raises(ReplayMiss), tokentape.use_cassette(path, mode="none") as deck:
        first = ask("One.")
        ask("Two.")
        second = ask("One.")
    assert first != second
    assert deck.unused == []


def test_new_episodes_replays_what_is_known_and_records_the_rest(path, ask, provider):
    record(path, ask, "One.")
    with tokentape.use_cassette(path, mode="new_episodes") as deck:
        ask("One.")
        ask("Two.")
    assert (deck.tally.replayed, deck.tally.recorded) == (1, 1)
    assert provider.count == 2
    assert recorded(path) == ["One.", "Two."]


def test_refresh_drops_what_was_not_used(path, ask, provider):
    record(path, ask, "One.", "Two.")
    with tokentape.use_cassette(path, mode="refresh"):
        ask("One.")
        ask("Three.")
    assert recorded(path) == ["One.", "Three."]
    assert provider.count == 3


def test_refresh_drops_nothing_if_the_block_failed(path, ask):
    record(path, ask, "One.", "Two.")
    with pytest.raises(RuntimeError), tokentape.use_cassette(path, mode="refresh"):
        ask("Three.")
        raise RuntimeError
    assert recorded(path) == ["One.", "Two.", "Three."]


def test_all_sends_everything_and_replaces_the_cassette(path, ask, provider):
    record(path, ask, "One.", "Two.")
    with tokentape.use_cassette(path, mode="all"):
        ask("One.")
    assert recorded(path) == ["One."]
    assert provider.count == 3


def test_all_keeps_the_old_cassette_until_the_new_one_is_complete(path, ask):
    record(path, ask, "One.")
    before = path.read_bytes()
    with pytest.warns(TokentapeWarning, match="the old cassette stays"), pytest.raises(RuntimeError):
        with tokentape.use_cassette(path, mode="all"):
            ask("Two.")
            assert path.read_bytes() == before
            raise RuntimeError
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["tape.json"] or set(os.listdir(path.parent)) <= {
        "tape.json",
        "tape.lock",
    }


def test_off_does_nothing(path, ask, provider):
    record(path, ask, "One.")
    with tokentape.use_cassette(path, mode="none"), tokentape.use_cassette(path, mode="off"):
        assert "Two." in ask("Two.")
    assert provider.count == 2
    assert recorded(path) == ["One."]


@pytest.mark.parametrize("mode", ["once", "new_episodes", "refresh", "all"])
def test_re_recording_moves_only_the_timing(path, ask, provider, mode):
    record(path, ask, "One.", "Two.")
    before = path.read_text().splitlines()
    path.unlink()
    provider.forget()
    with tokentape.use_cassette(path, mode=mode):
        ask("One.")
        ask("Two.")
    after = path.read_text().splitlines()
    assert len(before) == len(after)
    assert all('"timing"' in old for old, new in zip(before, after, strict=True) if old != new)


@pytest.mark.parametrize("repeat", ["error", "last", "cycle"])
def test_repeat(path, ask, provider, repeat):
    record(path, ask, "One.", "One.")
    block = tokentape.use_cassette(path, mode="none", repeat=repeat)
    if repeat == "error":
        with pytest.raises(ReplayMiss, match="played"), block:
            [ask("One.") for _ in range(3)]
        return
    with block:
        answers = [ask("One.") for _ in range(5)]
    first, second = answers[:2]
    assert first != second
    assert answers[2:] == ([second] * 3 if repeat == "last" else [first, second, first])


def old_cassette(path, ask):
    record(path, ask, "One.")
    text = path.read_text()
    at = json.loads(text)["interactions"][0]["timing"]["at"]
    path.write_text(text.replace(at, "2020-01-01T00:00:00.000000Z"))


def test_max_age_warns(path, ask):
    old_cassette(path, ask)
    with (
        pytest.warns(TokentapeWarning, match=r"tape\.json: recorded [\d.]+ days ago, older than max_age"),
        tokentape.use_cassette(path, max_age="30d"),
    ):
        ask("One.")


def test_max_age_fails(path, ask):
    old_cassette(path, ask)
    with pytest.raises(CassetteExpired, match="record it again"):
        tokentape.use_cassette(path, max_age="30d", on_expired="fail").__enter__()


def test_max_age_records_again(path, ask, provider):
    old_cassette(path, ask)
    with tokentape.use_cassette(path, max_age="30d", on_expired="record"):
        ask("One.")
    assert provider.count == 2
    with tokentape.use_cassette(path, max_age="30d", on_expired="fail"):
        ask("One.")


def test_errors_are_recorded_with_a_warning_that_a_retry_settles(path, ask, provider):
    provider.fails(503, times=2)
    with pytest.warns(TokentapeWarning, match="recorded an error reply, 503"):
        record(path, ask, "One.", "Two.", "Two.")


def test_errors_that_a_retry_settled_do_not_warn(path, ask, provider):
    provider.fails(503, times=2)
    record(path, ask, "One.", "One.", "One.")


def test_errors_can_be_refused(path, ask, provider):
    provider.fails(500)
    with pytest.raises(tokentape.errors.RecordingRefused, match="reply 500"):
        record(path, ask, "One.", "Two.", errors="refuse")
    assert recorded(path) == ["Two."]


BAD = {
    "mode": ({"mode": "sometimes"}, "unknown record mode 'sometimes'; use one of once, none"),
    "option": ({"mach_on": "prompt"}, "unknown option 'mach_on'; did you mean 'match_on'?"),
    "repeat": ({"repeat": "forever"}, "repeat='forever' is not known; use one of error, last, cycle"),
    "record": ({"record": "some"}, "record='some' is not known; use 'all', 'llm'"),
    "max_age": ({"max_age": "a while"}, "max_age='a while' is not a time"),
    "max_age below zero": ({"max_age": -1}, "max_age=-1 is not a time; use a timedelta, seconds, or a text"),
    "max_age as a timedelta below zero": ({"max_age": timedelta(days=-1)}, "is not a time; use a timedelta"),
    "max_age nan": ({"max_age": float("nan")}, "max_age=nan is not a time"),
    "max_age without end": ({"max_age": 1e300}, "max_age=1e+300 is not a time"),
    "max_age true": ({"max_age": True}, "max_age=True is not a time"),
    "name": ({"name": 3}, "name=3: give a text"),
    "name true": ({"name": True}, "name=True: give a text"),
    "command": ({"command": 3}, "command=3: give a text"),
    "command empty": ({"command": " "}, "command=' ': give a text"),
    "metadata as a text": ({"metadata": "billing"}, "metadata='billing': give a mapping"),
    "metadata as pairs": ({"metadata": [("a", 1)]}, "metadata=[('a', 1)]: give a mapping"),
    "metadata names": ({"metadata": {1: "a"}}, "metadata={1: 'a'}: give a mapping of names (texts)"),
    "metadata nan": ({"metadata": {"a": float("nan")}}, "metadata={'a': nan}: give a mapping of names"),
    "mode true": ({"mode": True}, "mode=True: give a record mode as a text; use one of once, none"),
    "mode number": ({"mode": 3}, "mode=3: give a record mode as a text"),
    "repeat true": ({"repeat": True}, "repeat=True is not known; use one of error, last, cycle"),
    "pace list": ({"pace": ["fast"]}, "pace=['fast'] is not known; use one of fast, recorded"),
    "hosts true": ({"hosts": True}, "hosts=True: give a text or a list of texts"),
    "field": ({"match_on": "modle"}, "modle"),
    "hook": ({"before_record": [1]}, "before_record=1: give a function"),
    "pattern": ({"redact": "("}, r"\("),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_options_are_one_line_that_names_the_thing_and_the_fix(path, name):
    options, text = BAD[name]
    with pytest.raises(UsageError) as caught:
        tokentape.use_cassette(path, **options).__enter__()
    assert text.replace("\\", "") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not path.exists()
