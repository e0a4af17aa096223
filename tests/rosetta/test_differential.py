"""Our translations beside those of LiteLLM and llm-rosetta: `nox -s differential`.

Every stone goes through theirs and ours; both results are read back and compared facet by facet. Each
difference is listed in `differences`, with who is right and why; one that is not listed fails.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

pytest.importorskip("litellm", reason="runs in the session `differential` of nox")
pytest.importorskip("llm_rosetta", reason="runs in the session `differential` of nox")
pytestmark = pytest.mark.filterwarnings("ignore")

from differences import LISTED, LITELLM, ROSETTA  # noqa: E402
from matrix.protocols_cells import MODELS  # noqa: E402
from matrix.protocols_facets import answered, asked, differences  # noqa: E402
from matrix.protocols_recorded import recorded  # noqa: E402
from matrix.protocols_stones import FEATURES, stone  # noqa: E402
from their_translators import ROSETTA as NAMES  # noqa: E402
from their_translators import SOURCES, litellm_translates, rosetta_reply, rosetta_request  # noqa: E402

from tokentape.errors import ProtocolError  # noqa: E402
from tokentape.protocols.codec import Source, Target  # noqa: E402
from tokentape.protocols.translation import codec_of, translate_reply, translate_request  # noqa: E402
from tokentape.testing.provider import Provider  # noqa: E402

PAIRS = [
    *((LITELLM, source, target) for source in SOURCES for target in MODELS if source != target),
    *((ROSETTA, source, target) for source in NAMES for target in NAMES if source != target),
]
ELSEWHERE = {
    (LITELLM, "openai.responses", "openai.chat"): "LiteLLM asks OpenAI in the caller's own dialect",
    (LITELLM, "anthropic.messages", "openai.chat"): "LiteLLM asks OpenAI by Responses",
}
PAIRS = [pair for pair in PAIRS if pair not in ELSEWHERE]


@pytest.fixture(scope="module", autouse=True)
def provider():
    with Provider() as started:
        LOOPBACK.append(started)
        yield started


LOOPBACK: list[Provider] = []


@cache
def found(tool, source, target, feature):
    """The differences of one stone: half and facet, with ours and theirs."""
    mine, theirs = stone(source, feature), stone(target, feature)
    if mine.request is None or theirs.reply is None:
        return {}
    ours = _ours(mine, target), _our_reply(theirs, source)
    try:
        other = _theirs(tool, mine, theirs)
    except Exception as error:
        return {("request", "raised"): ("", f"{type(error).__name__}: {error}"[:300])}
    read_request = lambda body: asked(codec_of(target).read_request(body, Source(target, MODELS[target])))  # noqa: E731
    read_reply = lambda body: answered(codec_of(source).read_reply(body, Source(source, MODELS[source])))  # noqa: E731
    halves = zip(("request", "reply"), ours, other, (read_request, read_reply), strict=True)
    return {
        key: told
        for half, own, their, read in halves
        for key, told in _compared(half, own, their, read).items()
    }


def _ours(mine, target):
    source = Source(mine.dialect, model=mine.model)
    return translate_request(
        mine.request, source, Target(target, MODELS[target]), allow_losses=True
    ).result.body


def _our_reply(theirs, source):
    target = Target(source, MODELS[source])
    return translate_reply(theirs.reply, Source(theirs.dialect, model=theirs.model), target).result


def _theirs(tool, mine, theirs):
    if tool == LITELLM:
        return litellm_translates(LOOPBACK[-1], mine.dialect, theirs.dialect, mine.request, theirs.reply)
    reply = rosetta_reply(theirs.dialect, mine.dialect, theirs.reply, mine.request)
    return rosetta_request(mine.dialect, theirs.dialect, mine.request), reply


def _compared(half, own, their, read):
    try:
        other = read(json.loads(json.dumps(their)))
    except ProtocolError as error:
        return {(half, "malformed"): ("", str(error))}
    told = read(own)
    return {(half, facet): (told.get(facet), other.get(facet)) for facet in differences(told, other)}


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize(("tool", "source", "target"), PAIRS, ids=[" ".join(pair) for pair in PAIRS])
def test_every_difference_is_listed(tool, source, target, feature):
    told = found(tool, source, target, feature)
    unlisted = {
        key: values
        for key, values in told.items()
        if not any(entry.fits((tool, key[0], feature, key[1], source, target)) for entry in LISTED)
    }
    assert unlisted == {}


@cache
def recorded_differences(source, target):
    """Those of all recorded requests of a dialect, by llm-rosetta: (half, facet), with ours and theirs."""
    met = {}
    for name, model, body, _ in recorded(source):
        to = Target(target, MODELS[target])
        ours = translate_request(body, Source(source, model=model), to, allow_losses=True).result.body
        for facet, values in _recorded(source, target, body, ours).items():
            met[facet] = (name, *values)
    return met


def _recorded(source, target, body, ours):
    try:
        theirs = rosetta_request(source, target, body)
    except Exception as error:
        return {("request", "raised"): ("", f"{type(error).__name__}: {error}"[:300])}
    read = lambda found: asked(codec_of(target).read_request(found, Source(target, MODELS[target])))  # noqa: E731
    return _compared("request", ours, theirs, read)


@pytest.mark.parametrize(("tool", "source", "target"), [pair for pair in PAIRS if pair[0] == ROSETTA])
def test_every_difference_of_recorded_requests_is_listed(tool, source, target):
    unlisted = {
        facet: values
        for (half, facet), values in recorded_differences(source, target).items()
        if not any(entry.fits((tool, half, "recorded", facet, source, target)) for entry in LISTED)
    }
    assert unlisted == {}


def test_nothing_is_listed_that_does_not_differ():
    met = {
        (ROSETTA, half, "recorded", facet, source, target)
        for tool, source, target in PAIRS
        if tool == ROSETTA
        for half, facet in recorded_differences(source, target)
    }
    met |= {
        (tool, half, feature, facet, source, target)
        for tool, source, target in PAIRS
        for feature in FEATURES
        for half, facet in found(tool, source, target, feature)
    }
    assert [entry for entry in LISTED if not any(map(entry.fits, met))] == []


def test_who_is_right_is_said():
    assert {entry.right for entry in LISTED} <= {"ours", "theirs", "both"}
    assert all(entry.why for entry in LISTED)
