"""The comparators over the replies of real recordings, of every dialect, streamed and not."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

pytest.importorskip("yaml")
pytest.importorskip("rapidfuzz")
pytest.importorskip("jsonschema")
pytest.importorskip("regex")

from ev_corpora import samples

from tokentape.evaluation.comparing.comparator import Pair, Side
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.evaluation.corpus.rows import rows

SPEC = "exact,fuzzy,json,schema,toolcalls,numbers,length,length:of=tokens,cost,refusal"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    found = [row for row in rows(samples(tmp_path_factory.mktemp("samples"))) if row.reply is not None]
    return [
        (
            row,
            Side(row.reply, row.is_whole, row.seconds, row.first, row.usage, row.cost),
        )
        for row in found
        if row.conversation is not None
    ]


def test_each_reply_agrees_with_itself(answers):
    applied = Counter()
    for row, side in answers:
        for comparator in comparators_of(SPEC):
            verdict = comparator.compare(Pair(row.conversation, side, side))
            assert verdict.score in (None, 1), (row, comparator.name, verdict)
            applied[comparator.name] += verdict.score is not None
            if not row.is_whole:
                assert verdict.score is None or comparator.name == "refusal"
    assert applied["exact"] == applied["fuzzy"] == sum(row.is_whole for row, _ in answers)
    assert min(applied.values()) > 0, applied


def test_any_reply_is_compared_with_any_other(answers):
    comparators = comparators_of(SPEC)
    for (row, before), (_, after) in pairwise(answers):
        for comparator in comparators:
            verdict = comparator.compare(Pair(row.conversation, before, after))
            assert verdict.score is None or 0 <= verdict.score <= 1
            assert verdict.reason
            assert verdict.reason.isprintable()


def test_nobody_is_accused_of_a_refusal_who_did_not_refuse(answers):
    (refusal,) = comparators_of("refusal")
    refused = {
        verdict.reason
        for row, side in answers
        if (verdict := refusal.compare(Pair(row.conversation, side, side))).reason.startswith("both")
    }
    assert refused == {'both refuse: it stopped for "guardrail_intervened"'}
