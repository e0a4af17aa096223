"""Mode verify: the program has the recording, the same call goes out, and what differs is told."""

from __future__ import annotations

import pytest

import tokentape
from tokentape import RecordMode, use_cassette
from tokentape.errors import CassetteNotFound, LiveReplyDiffers, NetworkBlocked, ReplayMiss, UsageError
from tokentape.testing.provider import Provider, Script, Stall, faults, reply

pytest.importorskip("httpx")
pytest.importorskip("rapidfuzz")

import httpx

BODY = {"model": "m", "messages": [{"role": "user", "content": "Where?"}]}
TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}


@pytest.fixture(autouse=True)
def _outside(outside):
    """No setting from the machine that runs the tests."""


def asked(provider, path="/v1/chat/completions", **more):
    head = {"authorization": "Bearer sk-not-a-key"}
    return httpx.post(provider.url + path, json={**BODY, **more}, headers=head)


def said(provider, **more):
    return asked(provider, **more).json()["choices"][0]["message"]["content"]


def test_the_same_reply_is_no_drift(provider):
    provider.answers("In Paris.", times=2)
    with use_cassette("a.json"):
        said(provider)
    with use_cassette("a.json", mode="verify") as deck:
        assert said(provider) == "In Paris."
    assert (deck.tally.replayed, deck.tally.verified, deck.tally.differed) == (1, 1, 0)
    assert provider.count == 2


def test_another_reply_fails_the_block_and_the_program_has_the_recording(provider):
    provider.answers("In Paris, on the left bank.")
    with use_cassette("a.json"):
        said(provider)
    provider.answers("Nobody knows for sure these days!")
    with pytest.raises(LiveReplyDiffers) as caught, use_cassette("a.json", mode="verify"):
        assert said(provider) == "In Paris, on the left bank."
    text = str(caught.value)
    assert 'asks "Where?"' in text
    assert "usual: fuzzy: similar by" in text
    assert 'recorded: "in paris' in text
    assert 'live:     "nobody knows' in text
    assert "TOKENTAPE_MODE=all" in text
    assert "sk-not-a-key" not in text


def test_arguments_of_tools_are_told_by_field(provider):
    provider.calls_tool("find", {"city": "Paris", "limit": 3})
    with use_cassette("a.json"):
        asked(provider, tools=[TOOL])
    provider.calls_tool("find", {"city": "Rome", "limit": 3})
    with pytest.raises(LiveReplyDiffers) as caught, use_cassette("a.json", mode="verify"):
        asked(provider, tools=[TOOL])
    assert '  calls[0].find.city\n    recorded: "Paris"\n    live:     "Rome"\n' in str(caught.value)


def test_the_comparators_are_an_option(provider):
    provider.answers('{"city": "Paris", "note": "a"}')
    with use_cassette("a.json"):
        said(provider)
    provider.answers('{"city": "Paris", "note": "b"}', times=2)
    with use_cassette("a.json", mode="verify", compare="json:city"):
        said(provider)
    with pytest.raises(LiveReplyDiffers, match="note"), use_cassette("a.json", mode="verify"):
        said(provider)


def test_where_no_comparator_has_anything_to_compare_nothing_is_verified(provider):
    provider.answers("In Paris.", times=2)
    with use_cassette("a.json"):
        said(provider)
    with use_cassette("a.json", mode="verify", compare="json:city,toolcalls") as deck:
        said(provider)
    assert (deck.tally.verified, deck.tally.unverified, provider.count) == (0, 1, 2)


def test_a_hook_that_keeps_a_call_out_keeps_it_out_here_too(provider):
    provider.answers("In Paris.", times=2)
    with use_cassette("a.json"):
        said(provider)
    with use_cassette(
        "a.json", mode="verify", before_record=lambda call: call if not call.response else None
    ):
        assert said(provider) == "In Paris."


def test_a_live_reply_that_does_not_come_is_told(provider, monkeypatch):
    from tokentape import verification

    monkeypatch.setattr(verification, "LIMIT", 0.05)
    provider.answers("In Paris.")
    with use_cassette("a.json"):
        said(provider)
    provider.play(Script.of(Stall(None)))
    with pytest.raises(LiveReplyDiffers, match="no live reply came within 0.05 seconds"):
        with use_cassette("a.json", mode="verify"):
            assert said(provider) == "In Paris."


def test_a_comparator_that_asks_is_refused(provider):
    provider.answers("In Paris.")
    with use_cassette("a.json"):
        said(provider)
    with pytest.raises(UsageError, match="has to ask somebody"):
        use_cassette("a.json", mode="verify", compare="judge:openai/gpt-4o").__enter__()


def test_it_may_only_be_told(provider):
    provider.answers("In Paris.")
    with use_cassette("a.json"):
        said(provider)
    provider.answers("Nobody knows for sure these days!")
    with (
        pytest.warns(tokentape.errors.TokentapeWarning, match="the live reply differs"),
        use_cassette("a.json", mode="verify", on_drift="warn") as deck,
    ):
        said(provider)
    assert deck.tally.differed == 1


def test_a_stream_is_read_to_its_end_and_compared_with_the_whole(provider):
    provider.answers("In Paris.", times=2)
    with use_cassette("a.json"):
        recorded = asked(provider, stream=True).content
    with use_cassette("a.json", mode="verify") as deck:
        assert asked(provider, stream=True).content == recorded
    assert deck.tally.verified == 1


def test_a_stream_that_breaks_off_is_told(provider):
    provider.answers("In Paris, " * 20)
    with use_cassette("a.json"):
        asked(provider, stream=True)
    provider.answers("In Paris, " * 20, change=faults.cut(after=2))
    with pytest.raises(LiveReplyDiffers, match="no measure: the reply was cut"):
        with use_cassette("a.json", mode="verify"):
            assert asked(provider, stream=True).status_code == 200


def test_a_status_that_changed_is_told(provider):
    provider.answers("In Paris.")
    with use_cassette("a.json"):
        said(provider)
    provider.fails(404)
    with pytest.raises(LiveReplyDiffers, match="the status differs: recorded 200, live 404"):
        with use_cassette("a.json", mode="verify"):
            assert said(provider) == "In Paris."


def test_a_server_that_is_gone_is_told(provider):
    provider.answers("In Paris.")
    with use_cassette("a.json"):
        said(provider)
    provider.stop()
    with pytest.raises(LiveReplyDiffers, match=r"no live reply came \(ConnectionRefusedError"):
        with use_cassette("a.json", mode="verify"):
            assert said(provider) == "In Paris."


def test_a_busy_server_is_asked_again(provider, monkeypatch):
    from tokentape.interceptors import resending

    monkeypatch.setattr(resending, "WAITS", (0.0, 0.0))
    provider.answers("In Paris.")
    with use_cassette("a.json"):
        said(provider)
    provider.fails(429, times=2)
    provider.answers("In Paris.")
    with use_cassette("a.json", mode="verify") as deck:
        said(provider)
    assert deck.tally.verified == 1
    assert provider.count == 4


def test_a_miss_is_as_in_mode_none_and_nothing_else_goes_out(provider):
    provider.answers("In Paris.", times=2)
    with use_cassette("a.json"):
        said(provider)
    with pytest.raises(ReplayMiss), use_cassette("a.json", mode="verify"):
        assert asked(provider, temperature=1).status_code == 400
    assert provider.count == 1
    with pytest.raises(CassetteNotFound), use_cassette("b.json", mode="verify"):
        pass


def test_what_is_no_call_of_a_model_is_not_sent_again(provider):
    provider.play(reply(b"done"))
    with use_cassette("a.json"):
        httpx.post(provider.url + "/orders", json={"buy": 1})
    with use_cassette("a.json", mode="verify") as deck:
        assert httpx.post(provider.url + "/orders", json={"buy": 1}).content == b"done"
    assert provider.count == 1
    assert deck.tally.unverified == 1


def test_errors_that_come_and_go_are_no_measure(provider):
    provider.fails(503)
    with pytest.warns(tokentape.errors.TokentapeWarning), use_cassette("a.json"):
        asked(provider)
    with use_cassette("a.json", mode="verify") as deck:
        assert asked(provider).status_code == 503
    assert provider.count == 1
    assert deck.tally.unverified == 1


def test_nothing_is_written(provider, outside):
    provider.answers("In Paris.", times=2)
    with use_cassette("a.json"):
        said(provider)
    before = (outside / "a.json").read_bytes()
    with use_cassette("a.json", mode="verify"):
        said(provider)
    assert (outside / "a.json").read_bytes() == before
    assert [path.name for path in outside.iterdir()] == ["a.json"]


def test_it_passes_a_block_of_the_network_and_other_calls_do_not(provider):
    provider.answers("In Paris.", times=2)
    with use_cassette("a.json"):
        said(provider)
    with use_cassette("a.json", mode="verify") as deck:
        said(provider)
        deck.settle()
        with pytest.raises((NetworkBlocked, httpx.ConnectError)):
            import socket

            socket.create_connection((provider.url.split("/")[2].split(":")[0], provider.port))
        deck.clear_errors()
    assert deck.tally.verified == 1


def test_wrong_options_are_told_at_the_start(provider):
    provider.answers("In Paris.")
    with use_cassette("a.json"):
        said(provider)
    with pytest.raises(UsageError, match="nonsense"):
        use_cassette("a.json", mode="verify", compare="nonsense").__enter__()
    with pytest.raises(UsageError, match="on_drift"):
        use_cassette("a.json", on_drift="maybe")


def test_the_mode_says_that_nothing_but_recordings_is_given():
    assert [mode.value for mode in RecordMode if mode.only_replays] == ["none", "verify"]


def test_what_one_provider_said_is_compared_with_itself_only(provider):
    with Provider() as other:
        other.answers("In Paris.", times=2)
        with use_cassette("a.json"):
            said(other)
        with use_cassette("a.json", mode="verify"):
            said(other)
        assert (other.count, provider.count) == (2, 0)


def test_a_miss_comes_with_what_differs_and_is_the_error(provider):
    provider.answers("In Paris, on the left bank.")
    with use_cassette("a.json"):
        said(provider)
    for settles in (False, True):
        provider.answers("Nobody knows for sure these days!")
        with pytest.raises(ReplayMiss) as caught, use_cassette("a.json", mode="verify") as deck:
            said(provider)
            if settles:
                deck.settle()
            asked(provider, temperature=1)
        assert ["nobody knows" in note for note in caught.value.__notes__] == [True]


def test_what_would_show_a_secret_is_not_shown(provider, monkeypatch):
    provider.answers("In Paris, on the left bank.")
    with use_cassette("a.json"):
        said(provider)
    provider.answers("The key is sk-not-a-key, and nothing else.")
    monkeypatch.setattr("tokentape.wire.redact.redactor.Redactor.leaks", lambda self, live: ("a key",))
    with pytest.raises(LiveReplyDiffers, match="a secret would be left") as caught:
        with use_cassette("a.json", mode="verify"):
            said(provider)
    assert "nothing else" not in str(caught.value)


def test_who_waits_for_a_turn_is_waited_for(provider, monkeypatch):
    from tokentape import verification
    from tokentape.interceptors import resending

    monkeypatch.setattr(verification, "LIMIT", 1.0)
    monkeypatch.setattr(resending, "AT_ONCE", 1)
    with use_cassette("a.json", repeat="last"):
        text = said(provider)
    provider.answers(text, times=4)
    provider.delay_by(lambda seen: 0.4)
    with use_cassette("a.json", repeat="last", mode="verify") as deck:
        for _ in range(4):
            said(provider)
    assert (deck.tally.verified, deck.tally.differed) == (4, 0)


def test_what_a_terminal_would_obey_is_spelled_out(provider):
    hostile = "\x1b[2J\u202edlrow\x07"
    provider.answers("In Paris, on the left bank.")
    with use_cassette("a.json"):
        asked(provider, messages=[{"role": "user", "content": f"Where? {hostile}"}])
    provider.fails(400, message=hostile)
    with pytest.raises(LiveReplyDiffers) as caught, use_cassette("a.json", mode="verify"):
        asked(provider, messages=[{"role": "user", "content": f"Where? {hostile}"}])
    with pytest.raises(ReplayMiss) as missed, use_cassette("a.json", mode="verify"):
        asked(provider, messages=[{"role": "user", "content": f"Who? {hostile}"}])
    for text in (str(caught.value), str(missed.value)):
        assert all(line.isprintable() for line in text.split("\n"))
        assert "\\x1b[2J" in text
