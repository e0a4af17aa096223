"""The same conversation in seven dialects: each stone becomes each other one, or the report says why not."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from matrix.protocols_cells import MODELS, cut, plain, reply, request, stream
from matrix.protocols_facets import asked, differences, named
from matrix.protocols_json import unlike, unused
from matrix.protocols_pages import ROWS
from matrix.protocols_stones import DIALECTS, FEATURES, errors, exchanges_of, stone

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, write_request

PAIRS = [pytest.param(*pair, id=f"{pair[0]}-to-{pair[1]}") for pair in product(DIALECTS, repeat=2)]


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("name", DIALECTS)
def test_every_stone_is_there(name, feature):
    found = stone(name, feature)
    assert found is not None
    assert found.request is not None or found.unsupported.get("request")
    assert found.reply is not None or found.unsupported.get("reply")


@pytest.mark.parametrize("name", DIALECTS)
def test_the_errors_are_there(name):
    assert {400, 401, 403, 404, 429, 500} <= errors(name).keys()
    assert errors(name).keys() & {503, 529}


@pytest.mark.parametrize("name", DIALECTS)
def test_a_stone_comes_back_as_it_is(name):
    codec = codec_of(name)
    for exchange in exchanges_of(name):
        source = Source(name, model=exchange.model)
        assert (
            codec.write_request(codec.read_request(exchange.request, source), Target(name)).body
            == exchange.request
        )
        assert codec.write_reply(codec.read_reply(exchange.reply, source), Target(name)) == exchange.reply


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_request(feature, source, target):
    assert request(feature, source, target).wrong == ()


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_reply(feature, source, target):
    assert reply(feature, source, target).wrong == ()


@pytest.mark.parametrize("feature", ROWS)
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_reply_as_a_stream(feature, source, target):
    assert stream(feature, source, target).wrong == ()


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_stream_cut_behind_every_event(feature, source, target):
    assert cut(feature, source, target).wrong == ()


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_errors(source, target):
    assert plain("errors", source, target).wrong == ()


@pytest.mark.parametrize("name", DIALECTS)
def test_nothing_is_lost_at_home(name):
    for feature in FEATURES:
        assert request(feature, name, name).losses == reply(feature, name, name).losses == ()


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_json_is_that_of_the_stone(feature, source, target):
    assert list(unlike(feature, source, target)) == []


def test_nothing_may_differ_that_does_not():
    assert unused() == []


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_there_and_back(source, target):
    for feature in FEATURES:
        mine = stone(source, feature)
        if mine.request is not None:
            assert lost_on_the_way(mine, target) == [], feature


def lost_on_the_way(mine, target):
    """The facets that a request has no more once it was in another dialect, and no report told of."""
    meant = codec_of(mine.dialect).read_request(mine.request, Source(mine.dialect, model=mine.model))
    there, home = Target(target, MODELS[target]), Target(mine.dialect, MODELS[mine.dialect])
    body = write_request(meant, there, allow_losses=True).result.body
    back = codec_of(target).read_request(body, Source(target, model=MODELS[target]))
    again = write_request(back, home, allow_losses=True).result.body
    after = asked(codec_of(mine.dialect).read_request(again, Source(mine.dialect, model=mine.model)))
    losses = (*there.losses.report, *home.losses.report)
    return [
        (facet, asked(meant)[facet], after.get(facet))
        for facet in differences(asked(meant), after)
        if facet in asked(meant) and not named(facet, losses)
    ]
