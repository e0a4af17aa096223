"""Comparators that ask somebody pass the contract, whoever answers."""

from __future__ import annotations

import hashlib
import json

import pytest

from tokentape.evaluation.comparing.comparator import Prompt, Vectors
from tokentape.evaluation.comparing.registry import BUILT_IN
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.testing.contracts import AskingContract, ComparatorContract
from tokentape.testing.contracts.replies import said

SPECS = (
    "judge:openai/gpt-5-mini",
    "judge:openai/gpt-5-mini,second=anthropic/claude-haiku-4-5,threshold=1,rubric='Is it short, and true?'",
    "embedding:openai/text-embedding-3-small",
    "embedding:voyage/voyage-3.5-lite,threshold=0.5",
)


def answered(question):
    """Vectors by the letters of a text; a verdict that says so."""
    if not isinstance(question, Prompt):
        return Vectors(tuple(map(vector, question.texts)))
    return said(json.dumps({"why": "It is shorter.", "better": "B", "by": "little"})).reply


def vector(text):
    digest = hashlib.sha256(text.encode()).digest()
    return tuple(float(byte) for byte in digest[:8])


@pytest.fixture(params=SPECS)
def spec(request):
    return request.param


def kind_of(spec):
    return next(kind for kind in BUILT_IN if kind.name == spec.partition(":")[0])


class TestAsking(AskingContract):
    @pytest.fixture
    def kind(self, spec):
        return kind_of(spec)

    @pytest.fixture
    def asking(self, spec):
        return comparators_of(spec)[0]

    @pytest.fixture
    def answer(self):
        return answered


class TestOffline(ComparatorContract):
    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("wordllama")

    @pytest.fixture(params=["embedding", "embedding:threshold=0.5"])
    def comparator(self, request):
        return comparators_of(request.param)[0]

    @pytest.fixture
    def kind(self):
        return kind_of("embedding")
