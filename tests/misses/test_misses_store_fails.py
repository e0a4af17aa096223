"""R16: a store that fails never lets a replay go live, and never breaks a recording's calls."""

from __future__ import annotations

import errno
import json
import os
import shutil

import pytest
from miss_blocks import GOODBYE, HELLO
from sdk_programs import openai_chat, openai_stream, sdk, swallowed

import tokentape
from tokentape.errors import (
    CassetteCorrupt,
    RecordingFailed,
    ReplayError,
    ReplayMiss,
    TokentapeError,
    TokentapeWarning,
)

ask = swallowed(openai_chat)


def replay(missing, *, mode="none"):
    return tokentape.use_cassette(missing.path, mode=mode)


# Replay


@pytest.mark.parametrize("mode", ["none", "once"])
def test_R16_a_recording_that_cannot_be_read_is_answered_and_never_sent(missing, mode):
    """The file still has all its parts; one interaction was broken by hand."""
    missing.record(openai_chat, HELLO, GOODBYE)
    text = missing.path.read_text()
    missing.path.write_text(text.replace('"status": 200', '"status": "fine"', 1))
    before = missing.provider.count
    with pytest.raises(CassetteCorrupt) as caught, replay(missing, mode=mode) as deck:
        first = ask(missing.provider.url, HELLO)
        assert not isinstance(ask(missing.provider.url, GOODBYE), Exception)
    assert missing.provider.count == before
    assert "tape.json, line " in str(first)
    assert "tape.json, line " in str(caught.value)
    assert len(deck.errors) == 1


def test_a_miss_beside_a_recording_that_cannot_be_read_is_explained_by_the_others(missing):
    missing.record(openai_chat, HELLO, "Say hello again.")
    text = missing.path.read_text()
    missing.path.write_text(text.replace('"status": 200', '"status": "fine"', 1))
    missed = missing.miss(openai_chat)
    assert missed.explanation.nearest_asks == "Say hello again."


@pytest.mark.parametrize("damage", ["removed", "emptied", "overwritten", "folder removed"])
def test_R16_a_cassette_that_goes_away_in_mid_run_changes_nothing(missing, damage):
    missing.record(openai_chat, HELLO, GOODBYE)
    before = missing.provider.count
    with pytest.raises(ReplayMiss), replay(missing):
        ask(missing.provider.url, HELLO)
        destroy(missing.path, damage)
        assert not isinstance(ask(missing.provider.url, GOODBYE), Exception)
        assert "No recording" in str(ask(missing.provider.url, "Say more."))
    assert missing.provider.count == before


def destroy(path, damage):
    if damage == "removed":
        path.unlink()
    elif damage == "folder removed":
        shutil.rmtree(path.parent)
    else:
        path.write_text("" if damage == "emptied" else "not a cassette")


class Failing:
    """A store over another one, whose cassettes fail with `error` when an interaction is asked for."""

    def __init__(self, inner, error):
        self.inner, self.error = inner, error

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def load(self, name):
        cassette = self.inner.load(name)
        if cassette is not None:
            cassette.interaction = cassette.answer = self._fail
        return cassette

    def _fail(self, *_):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, "Input/output error"),
        ConnectionResetError("the store hung up"),
        RuntimeError("a defect"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_R16_a_store_that_fails_while_replaying_is_answered_and_never_sent(provider, error):
    store = tokentape.MemoryStore()
    with tokentape.use_cassette(store, name="tape", mode="once"):
        ask(provider.url, HELLO)
    with pytest.raises(ReplayError) as caught:
        with tokentape.use_cassette(Failing(store, error), name="tape", mode="none") as deck:
            for text in (HELLO, GOODBYE):
                assert str(error) in str(ask(provider.url, text))
    assert str(error) in str(caught.value)
    assert caught.value.__cause__ is error
    assert provider.count == 1
    assert (deck.tally.passed, len(deck.errors)) == (0, 1)


@pytest.mark.parametrize("mode", ["none", "once", "new_episodes", "refresh", "all"])
@pytest.mark.parametrize("content", ["", "not a cassette", '{"tokentape": 1, "interactions": [', "[]"])
def test_R16_a_broken_cassette_is_no_empty_one(missing, mode, content):
    """At entry: nothing runs, nothing is sent, nothing is overwritten."""
    missing.path.write_text(content)
    with pytest.raises(CassetteCorrupt):
        with replay(missing, mode=mode):
            ask(missing.provider.url, HELLO)
    assert missing.provider.count == 0
    assert missing.path.read_text() == content
    assert os.listdir(missing.path.parent) == ["tape.json"]


# Recording


def recorded(path):
    return [entry["asks"] for entry in json.loads(path.read_text())["interactions"]]


def test_R16_a_folder_that_goes_away_in_mid_run_costs_the_calls_nothing(missing, caplog):
    folder = missing.path.parent / "tapes"
    path = folder / "tape.json"
    with pytest.warns(TokentapeWarning, match=r"tape.*(not recorded|could not be saved)"):
        with tokentape.use_cassette(path, mode="once") as deck:
            ask(missing.provider.url, HELLO)
            shutil.rmtree(folder)
            folder.write_text("a file now stands where the folder was")
            answers = [ask(missing.provider.url, f"Say {n}.") for n in range(3)]
    assert not any(isinstance(answer, Exception) for answer in answers)
    assert missing.provider.count == 4
    assert any(isinstance(trouble, RecordingFailed) for trouble in deck.troubles)
    assert "tape" in caplog.text


class Broken:
    """A store whose journal or commit raises `error`."""

    def __init__(self, inner, error, where):
        self.inner, self.error, self.where = inner, error, where

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def journal(self, *args, **kwargs):
        journal = self.inner.journal(*args, **kwargs)
        if self.where == "append":
            journal.append = self._fail
        return journal

    def commit(self, *args, **kwargs):
        return self._fail() if self.where == "commit" else self.inner.commit(*args, **kwargs)

    def _fail(self, *_):
        raise self.error


@pytest.mark.parametrize("where", ["append", "commit"])
@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("a defect")],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("mode", ["once", "new_episodes", "all"])
def test_R16_a_store_that_fails_while_recording_is_a_warning(provider, where, error, mode):
    store = Broken(tokentape.MemoryStore(), error, where)
    with pytest.warns(TokentapeWarning, match=str(error).replace("[", r"\[").replace("]", r"\]")):
        with tokentape.use_cassette(store, name="tape", mode=mode) as deck:
            answers = [ask(provider.url, HELLO), ask(provider.url, GOODBYE)]
    assert not any(isinstance(answer, Exception) for answer in answers)
    assert [type(trouble) for trouble in deck.troubles[:1]] == [RecordingFailed]
    assert "memory:#tape" in str(deck.troubles[0])
    assert provider.count == 2


def test_R16_a_store_that_hangs_keeps_no_chunk_from_the_caller(provider):
    """What is stored is stored when the stream is over, and the caller has had all of it by then."""
    seen, had = [], []

    class Slow(Broken):
        def _fail(self, *_):
            had.append(len(seen))

    with tokentape.use_cassette(Slow(tokentape.MemoryStore(), None, "append"), name="tape", mode="once"):
        seen.extend(openai_chat(provider.url, HELLO, stream=True))
    assert had == [len(seen)]
    assert len(seen) > 3


@pytest.mark.parametrize("failing", ["hook", "normaliser"])
def test_R16_code_of_the_users_own_that_fails_costs_the_calls_nothing(missing, failing):
    def broken(*_):
        raise ZeroDivisionError("division by zero")

    options = {"before_record": broken}
    if failing == "normaliser":
        options = {}
        tokentape.register_normalizer(broken, broken, name="broken")
    try:
        with pytest.warns(TokentapeWarning, match="ZeroDivisionError: division by zero"):
            with tokentape.use_cassette(missing.path, mode="once", **options) as deck:
                assert not isinstance(openai_stream(missing.provider.url, HELLO), Exception)
    finally:
        if failing == "normaliser":
            from tokentape.matching.normalise import unregister_normalizer

            unregister_normalizer("broken")
    assert missing.provider.count == 1
    assert any(isinstance(trouble, RecordingFailed) for trouble in deck.troubles)


def test_R16_a_predicate_that_fails_sends_nothing_where_nothing_may_be_sent(missing):
    class Broken(tokentape.Predicates):
        def is_llm_call(self, request):
            raise ZeroDivisionError("division by zero")

    missing.record(openai_chat)
    before = missing.provider.count
    with pytest.raises(ReplayError, match="could not be looked up: ZeroDivisionError: division by zero"):
        with tokentape.use_cassette(missing.path, mode="none", record=Broken()):
            assert "division by zero" in str(ask(missing.provider.url, GOODBYE))
    assert missing.provider.count == before


def test_R16_a_place_that_cannot_be_written_is_an_error_before_anything_runs(missing):
    missing.path.write_text("a file")
    ran = []
    with pytest.raises(TokentapeError, match=r"tape\.json"):
        with tokentape.use_cassette(missing.path / "inner.json", mode="once"):
            ran.append(1)
    assert ran == []


def test_R16_an_async_recording_survives_its_store_too(provider):
    import asyncio

    httpx2 = sdk("httpx2")

    async def program():
        async with httpx2.AsyncClient() as client:
            asks = [client.get(f"{provider.url}/v1/models") for _ in range(5)]
            return [reply.status_code for reply in await asyncio.gather(*asks)]

    store = Broken(tokentape.MemoryStore(), OSError(errno.ENOSPC, "No space left on device"), "append")
    with pytest.warns(TokentapeWarning, match="No space left on device"):
        with tokentape.use_cassette(store, name="tape", mode="once"):
            assert asyncio.run(program()) == [200] * 5
