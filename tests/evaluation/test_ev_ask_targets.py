"""Targets and settings by name, and names of cassettes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.errors import UsageError
from tokentape.evaluation.asking.answers import answers_name, close_lane, open_lane
from tokentape.evaluation.asking.outcome import Answer, Skipped, Unanswered
from tokentape.evaluation.asking.patience import Patience
from tokentape.evaluation.asking.progress import Progress
from tokentape.evaluation.asking.settings import parameters_of
from tokentape.evaluation.asking.targets import target
from tokentape.metering.cost import Cost
from tokentape.upstreams.auth.kinds import Surroundings
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.failures import FailureClass
from tokentape.upstreams.upstream import Candidate, Upstream

AROUND = Surroundings(
    environment={"ANTHROPIC_API_KEY": " sk-ant-1 ", "GOOGLE_API_KEY": "g-2", "OPENAI_API_KEY": ""}
)
OWN = Upstream("anthropic", "openai.chat", "http://own.test", NoAuth(), models={"small": "own-small"})


def test_a_provider_has_its_key_where_it_usually_is():
    found = target("anthropic/claude-haiku-4-5", surroundings=AROUND)
    assert found.label == "anthropic/claude-haiku-4-5"
    assert found.upstream.dialect == "anthropic.messages"
    assert [key.secret.reveal() for key in found.upstream.credentials] == ["sk-ant-1"]
    assert "sk-ant-1" not in repr(found)


def test_the_second_variable_will_do():
    found = target("gemini/gemini-2.5-flash", surroundings=AROUND)
    assert found.upstream.credentials[0].secret.reveal() == "g-2"


def test_models_have_slashes():
    around = Surroundings(environment={"OPENROUTER_API_KEY": "k"})
    assert target("openrouter/meta-llama/llama-3", surroundings=around).model == "meta-llama/llama-3"


def test_a_local_server_wants_no_key():
    assert target("ollama/llama3.2", surroundings=AROUND).upstream.credentials[0].secret is None


def test_a_declared_upstream_goes_before_a_provider():
    declared = {"anthropic": OWN}.get
    assert target("anthropic/small", declared, AROUND) == Candidate(OWN, "own-small")
    assert target("gemini/x", declared, AROUND).upstream.name == "gemini"


@pytest.mark.parametrize("more", [{"cassette": "tape"}, {"passes_client_key": True}])
def test_what_has_no_key_of_its_own_cannot_be_asked(more):
    with pytest.raises(UsageError, match="cannot be asked here"):
        target("own/small", lambda name: replace(OWN, **more), AROUND)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("claude", "write UPSTREAM/MODEL"),
        ("/claude", "write UPSTREAM/MODEL"),
        ("anthropic/", "write UPSTREAM/MODEL"),
        ("anthropic/../../claude", "the path '../../claude' is refused"),
        ("antropic/claude", "no preset 'antropic' is known"),
        ("openai/gpt-5", "no key is there; set OPENAI_API_KEY"),
        ("azure/gpt-5", "it wants resource; declare it in a file"),
    ],
)
def test_a_target_that_cannot_be_asked_is_a_mistake(text, said):
    with pytest.raises(UsageError, match=said):
        target(text, surroundings=AROUND)


def test_parameters_are_json_or_texts():
    assert parameters_of(["temperature=0", "stop=END", 'stop=["a","b"]', "store=false", "thinking = on"]) == {
        "temperature": 0,
        "stop": ["a", "b"],
        "store": False,
        "thinking": "on",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("temperature", "write NAME=VALUE"),
        ("temprature=1", "did you mean 'temperature'"),
        ("xyz=1", "known are .*temperature"),
        ("temperature=warm", "give a number"),
        ("temperature=NaN", "give a number"),
        ("seed=" + "[" * 100_000, "give a whole number"),
        ("thinking=much", "use on, off, adaptive"),
    ],
)
def test_a_parameter_that_is_none_is_a_mistake(text, said):
    with pytest.raises(UsageError, match=said):
        parameters_of([text])


def test_no_two_targets_share_a_cassette():
    labels = [("a", "b/c"), ("a", "b-c"), ("a-b", "c"), ("a", "b:c"), ("a", "b c"), ("a", "b")]
    named = [
        answers_name("mine", Candidate(Upstream(name, "openai.chat", "http://x", NoAuth()), model))
        for name, model in labels
    ]
    assert named[-1] == "mine/a/b"
    assert len(set(named)) == len(labels)


@pytest.mark.parametrize("asks", [True, False])
def test_only_a_lane_that_asks_writes(asks):
    store = MemoryStore()
    assert close_lane(open_lane(store, "mine", Candidate(OWN, "small"), asks=asks)) == ()
    assert bool(store.names()) is asks


def answer(**more):
    return Answer(None, None, Cost(None), **more)


def failed(kind):
    return Unanswered(FailureClass(kind), f"it said {kind}")


def test_patience_ends_after_hopeless_failures_in_a_row():
    patience = Patience()
    for kind in ("server_error", "authentication", "authentication"):
        patience.heard(failed(kind))
    assert not patience.over
    patience.heard(failed("authentication"))
    assert patience.over == "given up after 4 failures in a row, the first: it said server_error"


def test_patience_begins_anew_after_an_answer():
    patience = Patience(failures=2)
    patience.heard(failed("timeout"))
    patience.heard(answer())
    patience.heard(failed("timeout"))
    assert not patience.over
    patience.heard(answer(is_new=False))  # says nothing about the target of today
    patience.heard(failed("timeout"))
    assert patience.over


def test_patience_ends_where_answers_are_paid_for_and_not_kept():
    patience = Patience()
    for _ in range(3):
        patience.heard(answer(is_kept=False))
    assert "could not be kept" in patience.over


def test_progress_counts():
    progress = Progress()
    for result in (answer(), answer(is_new=False), Skipped("no"), failed("timeout"), failed("timeout")):
        progress.count(result)
    assert (progress.asked, progress.recalled, progress.skipped, progress.failed) == (1, 1, 1, 2)
    assert (progress.done, progress.seen, progress.unpriced) == (3, 5, 1)
    assert progress.reasons == {"no": 1, "it said timeout": 2}
