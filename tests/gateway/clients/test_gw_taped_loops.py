"""One cassette, two ways in: what was recorded through the gateway replays in process, and the other way round.

Every SDK, to an upstream of its own dialect and to another, plain and streamed; no upstream is there when it
is replayed, and whatever does not fit is a miss.
"""

from __future__ import annotations

from itertools import product

import pytest
from gw_agents import Listened, seven
from gw_hearing import heard_gateway
from gw_tireless import tireless
from loop_all import AGENTS
from loop_gateway import MODELS, SEVEN
from running import running

import tokentape
from installed import is_installed
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import Call, Provider, Turn
from tokentape.testing.provider.faults import cut

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The model 'claude:DeprecationWarning"),
]

NOWHERE = "http://127.0.0.1:9"
OTHER = {name: "anthropic.messages" if name == "openai.chat" else "openai.chat" for name in SEVEN}
CASES = [
    pytest.param(source, target, stream, id=f"{source}-to-{target}-{'stream' if stream else 'plain'}")
    for source, stream in product(SEVEN, (False, True))
    for target in (source, OTHER[source])
]
OWN = [
    pytest.param(*case, id=f"{case[0]}-{'stream' if case[1] else 'plain'}") for case in product(SEVEN, (0, 1))
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("tapes")


@pytest.fixture(scope="module")
def both(root):
    """A gateway that records, and one that only replays; the provider of the first."""
    with Provider(gap=0) as provider:
        recording = RecordOptions(str(root), None, "new_episodes")
        replaying = RecordOptions(str(root), None, "none")
        with (
            heard_gateway(seven(provider.url), record=recording, prepare=tireless) as (first, heard),
            running(seven(NOWHERE), record=replaying) as second,
        ):
            yield provider, Listened(first, heard), Listened(second, heard)


def talk(source, url, stream):
    """A conversation with thoughts, a tool, and its result: all that the SDK showed."""
    kind = AGENTS[source]
    if not is_installed(kind.module):
        pytest.skip(f"{kind.module} is not installed")
    made = kind(url, MODELS[source], stream=stream, thinks=True)
    try:
        first = made.ask("Weather in Paris, and the time?")
        given = [(call, f"result {nth}") for nth, call in enumerate(first.calls)]
        return [first, made.answer(given), made.ask("Thanks.")]
    finally:
        made.close()


def plans(provider):
    provider.forget()
    calls = (Call("get_weather", {"city": "Par\u00efs"}), Call("get_time"))
    provider.answers(Turn(calls=calls, thinking="I look.\nTwice."))
    provider.answers(Turn("18 C, noon.", thinking="So that is it."))
    provider.answers("Bye.")


@pytest.mark.parametrize(("source", "target", "stream"), CASES)
def test_recorded_through_the_gateway(both, root, request, source, target, stream):
    provider, recording, replaying = both
    name = request.node.callspec.id
    plans(provider)
    live = talk(source, recording.url(target, "tape", name), stream)
    assert [said.text for said in live] == ["", "18 C, noon.", "Bye."]
    assert provider.count == 3
    assert recording.gateway.call(recording.gateway.services.tapes.close(name)) == 1

    assert talk(source, replaying.url(target, "tape", name), stream) == live
    assert talk(source, replaying.url("cohere", "tape", name), stream) == live  # where it goes says nothing
    with tokentape.use_cassette(DirectoryStore(root), name=name, mode="none"):
        assert talk(source, NOWHERE, stream) == live


@pytest.mark.parametrize(("source", "stream"), OWN)
def test_recorded_in_process(both, root, request, source, stream):
    provider, _, replaying = both
    name = f"own-{request.node.callspec.id}"
    plans(provider)
    with tokentape.use_cassette(DirectoryStore(root), name=name, mode="once"):
        live = talk(source, provider.url, stream)
    assert talk(source, replaying.url(source, "tape", name), stream) == live
    assert provider.count == 3


@pytest.mark.parametrize("target", ["openai.chat", "anthropic.messages"])
@pytest.mark.parametrize("source", SEVEN)
def test_a_stream_that_broke_off(both, root, source, target):
    """The error is the SDK's own when it is replayed, too."""
    provider, recording, replaying = both
    name = f"cut-{source}-{target}"
    provider.forget()
    provider.answers("One two three four five.", change=cut(after=6))
    live = broken(source, recording.url(target, "tape", name))
    recording.gateway.call(recording.gateway.services.tapes.close(name))
    assert broken(source, replaying.url(target, "tape", name)) == live
    with tokentape.use_cassette(DirectoryStore(root), name=name, mode="none"):
        assert broken(source, NOWHERE) == live


def broken(source, url):
    """What the SDK says of it: an error, or a reply that has not ended as replies do."""
    kind = AGENTS[source]
    if not is_installed(kind.module):
        pytest.skip(f"{kind.module} is not installed")
    made = kind(url, MODELS[source], stream=True)
    try:
        said = made.ask("Count.")
    except made.error as error:
        return type(error).__name__, str(error)
    else:
        assert said.ended not in made.words
        return said
    finally:
        made.close()
