"""One question of one target: asked, kept, and found again."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("aiohttp")

from ev_asking import Migration, chat, questions, target, text_of

from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.registry import open_place
from tokentape.evaluation.asking.outcome import Answer, Left, Skipped, Unanswered
from tokentape.evaluation.asking.question import Changes
from tokentape.testing.provider import Provider
from tokentape.testing.provider.faults import cut, late, stall, trickle
from tokentape.upstreams.destinations import FetchOptions, NotFetched
from tokentape.upstreams.failures import FailureClass
from tokentape.upstreams.upstream import Times


@pytest.fixture
def provider():
    with Provider() as found:
        yield found


@pytest.fixture(params=["directory", "sqlite"])
def store(request, tmp_path):
    return (
        DirectoryStore(tmp_path / "tapes")
        if request.param == "directory"
        else open_place(f"sqlite:{tmp_path / 'tapes.db'}")[0]
    )


def recorded(store):
    """What is kept, by cassette."""
    return {
        name: [cassette.interaction(number) for number in range(len(cassette.entries))]
        for name in store.names()
        if (cassette := store.load(name)) is not None
    }


def test_an_answer_is_kept_with_where_it_comes_from(provider, store):
    ran = Migration(store, target(provider))([chat("Capital of France?", 7)])
    (answer,) = ran.answers
    assert answer.is_new
    assert answer.is_kept
    assert "Capital of France?" in text_of(answer.reply)
    ((kept,),) = recorded(store).values()
    assert kept.metadata == {"migrated_from": "row7", "target": "up/gpt-4o-mini", "sample": 1}
    assert kept.ended.whole
    assert (ran.progress["up/gpt-4o-mini"].asked, ran.progress["up/gpt-4o-mini"].recalled) == (1, 0)


def test_the_same_corpus_again_asks_nothing(provider, store):
    rows = questions(12)
    first = Migration(store, target(provider))(rows)
    assert provider.count == 12
    again = Migration(store, target(provider))(rows)
    assert provider.count == 12
    assert not any(answer.is_new for answer in again.answers)
    assert {id: text_of(one.reply) for id, one in again.results.items()} == {
        id: text_of(one.reply) for id, one in first.results.items()
    }
    assert again.progress["up/gpt-4o-mini"].recalled == 12


def test_a_larger_corpus_asks_only_what_is_new(provider, store):
    Migration(store, target(provider))(questions(3))
    ran = Migration(store, target(provider))(questions(5))
    assert provider.count == 5
    assert sorted(answer.is_new for answer in ran.answers) == [False, False, False, True, True]


def test_several_samples_are_several_recordings_in_order(provider, store):
    ran = Migration(store, target(provider), samples=3, concurrency=1)(questions(2))
    assert provider.count == 6
    texts = [text_of(answer.reply) for answer in ran.answers]
    assert len(set(texts)) == 6
    ((*kept,),) = recorded(store).values()
    assert [(one.metadata["migrated_from"], one.metadata["sample"]) for one in kept] == [
        (f"row{row}", sample) for row in range(2) for sample in (1, 2, 3)
    ]
    again = Migration(store, target(provider), samples=3, concurrency=1)(questions(2))
    assert provider.count == 6
    assert [text_of(answer.reply) for answer in again.answers] == texts
    Migration(store, target(provider), samples=4)(questions(2))
    assert provider.count == 8


@pytest.mark.parametrize("stream", [True, False])
def test_it_is_streamed_or_not(provider, store, stream):
    provider.answers("One two three four five six.", change=trickle(0.02))
    ran = Migration(store, target(provider), changes=Changes(stream=stream))([chat("Count!")])
    (answer,) = ran.answers
    assert text_of(answer.reply) == "One two three four five six."
    assert bool(provider.requests[0].json.get("stream")) is stream
    if stream:
        assert len(answer.interaction.timing.chunk_ms) > 1
        assert answer.first <= answer.seconds
    assert answer.reply.usage.output is not None


def test_parameters_and_a_system_prompt_are_changed(provider, store):
    asked = chat("Hi", temperature=0.9)
    asked.conversation = chat(
        "Hi",
        temperature=0.9,
        messages=[
            {"role": "system", "content": "Be long."},
            {"role": "user", "content": "Hi"},
        ],
    ).conversation
    changes = Changes(system="Be short.", parameters={"temperature": 0, "max_output_tokens": 50})
    ran = Migration(store, target(provider), changes=changes)([asked])
    body = provider.requests[0].json
    assert body["temperature"] == 0
    assert 50 in body.values()
    assert [(one["role"], one["content"]) for one in body["messages"]] == [
        ("system", "Be short."),
        ("user", "Hi"),
    ]
    assert not len(ran.outcomes[0].losses)


def test_what_would_lose_its_meaning_is_skipped_with_the_reason(provider, store):
    asked = chat("Hi", stop=["x"], logit_bias={"50256": -100})
    ran = Migration(store, target(provider, "anthropic.messages"))([asked])
    (outcome,) = ran.outcomes
    assert isinstance(outcome.result, Skipped)
    assert "logit_bias" in outcome.result.reason
    assert outcome.losses.meaning
    assert provider.count == 0


def test_what_would_lose_its_meaning_is_asked_where_one_says_so(provider, store):
    asked = chat("Hi", logit_bias={"50256": -100})
    ran = Migration(store, target(provider, "anthropic.messages"), changes=Changes(lossy=True))([asked])
    assert ran.answers
    assert ran.outcomes[0].losses.meaning


class Shown:
    """Fetches what URLs show."""

    def __init__(self):
        self.fetched = []

    async def fetch(self, url):
        self.fetched.append(url)
        if "gone" in url:
            raise NotFetched(f"{url} cannot be fetched: status 404")
        return "image/png", b"png"


def showing(url):
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    return chat("", messages=[{"role": "user", "content": parts}])


def test_what_a_url_shows_is_fetched_for_a_target_that_takes_none(provider, store):
    rows = [showing("https://pictures.test/a.png")]
    to = target(provider, "bedrock.converse")
    assert isinstance(Migration(store, to)(rows).outcomes[0].result, Skipped)
    shown = Shown()
    ran = Migration(store, to, fetching=(shown, FetchOptions()))(rows)
    assert ran.answers
    assert b"cG5n" in provider.requests[0].body
    Migration(store, to, fetching=(shown, FetchOptions()))(rows)
    assert provider.count == 1


def test_a_target_that_takes_urls_gets_the_url(provider, store):
    shown = Shown()
    Migration(store, target(provider), fetching=(shown, FetchOptions()))(
        [showing("https://pictures.test/a.png")]
    )
    assert not shown.fetched


def test_what_cannot_be_fetched_is_skipped(provider, store):
    rows = [showing("https://pictures.test/gone.png")]
    to = target(provider, "bedrock.converse")
    ran = Migration(store, to, fetching=(Shown(), FetchOptions()))(rows)
    assert "status 404" in ran.outcomes[0].result.reason


def test_what_switches_features_on_goes_along_in_the_same_dialect(provider, store):
    asked = chat("Hi")
    asked.headers = (("OpenAI-Beta", "new=v1"), ("X-Other", "1"), ("Authorization", "[redacted]"))
    Migration(store, target(provider), target(provider, "anthropic.messages", name="other"))([asked])
    same, other = sorted(provider.requests, key=lambda seen: seen.path)
    assert same.path.endswith("/chat/completions")
    assert (same.header("openai-beta"), same.header("x-other")) == ("new=v1", None)
    assert same.header("authorization") is None
    assert other.header("openai-beta") is None


@pytest.mark.parametrize(
    ("times", "change"),
    [(Times(first_byte=0.1), late(None)), (Times(stall=0.1), stall(None, after=2))],
    ids=["head", "body"],
)
def test_what_does_not_come_in_time_is_asked_again(provider, store, times, change):
    provider.changes(change)
    ran = Migration(store, target(provider, times=times))([chat("Hi")])
    (answer,) = ran.answers
    assert [attempt.kind for attempt in answer.attempts] == [FailureClass.timeout, None]
    assert provider.count == 2


def test_a_recording_that_is_no_answer_is_not_taken_for_one(provider, store):
    Migration(store, target(provider))([chat("Hi")])
    ((name, (kept,)),) = recorded(store).items()
    response = replace(kept.response, status=500, headers=(), body=b'{"error": "Down."}', chunks=(18,))
    rules = store.load(name).rules
    for broken, why in (
        (replace(kept, response=response), "Down."),
        (replace(kept, response=None), "no reply"),
    ):
        journal = store.journal(name, rules=rules, replaces=True)
        journal.append(broken)
        store.commit(name, journal, finished=True, rules=rules, replace=True)
        ran = Migration(store, target(provider))([chat("Hi")])
        (found,) = ran.results.values()
        assert isinstance(found, Left)
        assert why in found.reason
        assert "take it out to ask again" in found.reason
    assert provider.count == 1


def test_a_row_that_cannot_be_read_is_skipped(provider, store):
    asked = chat("Hi")
    asked.conversation, asked.why_not = None, "the request is no JSON object"
    ran = Migration(store, target(provider))([asked])
    assert ran.outcomes[0].result == Skipped("the request is no JSON object")


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_failure_is_never_kept(provider, store, status):
    provider.fails(status, message="No, and that is final.")
    ran = Migration(store, target(provider))([chat("Hi")])
    (found,) = ran.results.values()
    assert isinstance(found, Unanswered)
    assert "No, and that is final." in found.reason
    assert str(status) in found.reason
    assert not any(recorded(store).values())
    ran = Migration(store, target(provider))([chat("Hi")])
    assert ran.answers[0].is_new
    assert not ran.troubles


def test_a_stream_that_is_cut_is_asked_again_and_only_the_whole_one_is_kept(provider, store):
    provider.changes(cut(after=3), times=2)
    ran = Migration(store, target(provider))([chat("Hi")])
    (answer,) = ran.answers
    assert provider.count == 3
    assert [attempt.kind for attempt in answer.attempts] == [FailureClass.incomplete] * 2 + [None]
    ((kept,),) = recorded(store).values()
    assert kept.response.body.count(b'"role"') == 1
    assert text_of(answer.reply).startswith("Answer 3")


def test_a_stream_that_is_always_cut_is_no_answer(provider, store):
    provider.changes(cut(after=3), times=None)
    ran = Migration(store, target(provider))([chat("Hi")])
    (found,) = ran.results.values()
    assert isinstance(found, Unanswered)
    assert found.kind is FailureClass.incomplete
    assert not any(recorded(store).values())


def test_an_error_inside_a_stream_is_no_answer(provider, store):
    for _ in range(3):
        provider.fails_midway(after=2)
    ran = Migration(store, target(provider))([chat("Hi")])
    assert isinstance(ran.outcomes[0].result, Unanswered)
    assert not any(recorded(store).values())


def test_a_rate_limit_is_waited_for(provider, store):
    provider.fails(429, headers={"retry-after": "0.05"}, times=2)
    ran = Migration(store, target(provider))([chat("Hi")])
    (answer,) = ran.answers
    assert [attempt.status for attempt in answer.attempts] == [429, 429, 200]
    assert provider.count == 3


def test_a_call_of_a_tool_is_the_answer(provider, store):
    provider.calls_tool("weather", {"city": "Paris"})
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    ran = Migration(store, target(provider))([chat("Weather?", tools=tools)])
    (answer,) = ran.answers
    assert [item.name for item in answer.reply.items if hasattr(item, "arguments")] == ["weather"]
    assert provider.count == 1


def test_an_option_that_the_target_refuses_is_left_out_from_then_on(provider, store):
    said = "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported."
    provider.fails(400, message=said)
    rows = questions(3, temperature=0.2)
    ran = Migration(store, target(provider), concurrency=1)(rows)
    assert len(ran.answers) == 3
    assert provider.count == 4
    assert ["temperature" in seen.json for seen in provider.requests] == [True, False, False, False]
    for outcome in ran.outcomes:
        assert [(loss.path, loss.why) for loss in outcome.losses] == [
            ("temperature", "the target refuses it")
        ]
    again = Migration(store, target(provider))(rows)
    assert provider.count == 4
    assert len(again.answers) == 3


def test_two_targets_that_serve_the_same_model_do_not_share_answers(provider, store):
    one, other = target(provider, name="one"), target(provider, name="other")
    Migration(store, one)(questions(2))
    ran = Migration(store, one, other)(questions(2))
    assert provider.count == 4
    assert {label: (found.asked, found.recalled) for label, found in ran.progress.items()} == {
        "one/gpt-4o-mini": (0, 2),
        "other/gpt-4o-mini": (2, 0),
    }


def test_offline_nothing_is_asked(provider, store):
    Migration(store, target(provider))(questions(1))
    before = recorded(store)
    ran = Migration(store, target(provider), asks=False)(questions(2))
    found = ran.results
    assert isinstance(found["row0"], Answer)
    assert found["row1"] == Left("no answer is recorded, and nothing is asked offline")
    assert provider.count == 1
    assert recorded(store) == before


def test_an_answer_that_cannot_be_read_is_no_reason_to_ask_again(provider, tmp_path):
    place = tmp_path / "tapes"
    Migration(DirectoryStore(place), target(provider))(questions(2))
    (file,) = place.rglob("*.json")
    text = file.read_text()
    at = text.index('"status"', text.index("Question 1?"))
    file.write_text(text[:at] + '"stat":' + text[at + len('"status":') :])
    ran = Migration(DirectoryStore(place), target(provider), concurrency=1)(questions(2))
    assert provider.count == 2
    assert [type(one.result) for one in ran.outcomes] == [Answer, Left]
    assert file.name in ran.outcomes[1].result.reason


@pytest.mark.parametrize("samples", [1, 2])
def test_one_prompt_recorded_of_two_models_is_asked_once(provider, store, samples):
    rows = [chat("Why?", 0), chat("Why?", 1, model="gpt-4o"), chat("Why not?", 2)]
    ran = Migration(store, target(provider), samples=samples)(rows)
    (progress,) = ran.progress.values()
    assert provider.count == 2 * samples == progress.asked
    assert progress.shared == samples
    assert progress.done == 3 * samples
    again = Migration(store, target(provider), samples=samples)(rows)
    assert provider.count == 2 * samples == len(again.answers)
