"""The exception tree: every error is ours, is drawn, and survives a process boundary."""

from __future__ import annotations

import inspect
import pickle

import pytest

from tokentape import errors

PUBLIC = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, BaseException) and value.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_every_exception_is_drawn_in_the_tree(kind):
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    "kind",
    [k for k in PUBLIC if issubclass(k, Exception) and not issubclass(k, Warning)],
    ids=lambda k: k.__name__,
)
def test_one_except_catches_all_of_ours(kind):
    assert issubclass(kind, errors.TokentapeError)


def test_a_cassette_error_keeps_its_parts_across_processes():
    error = errors.CassetteCorrupt("a.json", "cut short", place="line 3", fix="restore it")
    again = pickle.loads(pickle.dumps(error))
    assert (again.path, again.problem, again.place, again.fix) == (
        "a.json",
        "cut short",
        "line 3",
        "restore it",
    )
    assert str(again) == "a.json, line 3: cut short; restore it"
    assert type(again) is errors.CassetteCorrupt


def test_a_usage_error_is_a_value_error():
    assert issubclass(errors.UsageError, ValueError)


def test_an_abort_passes_every_except_exception():
    assert not issubclass(errors.ReplayAbort, Exception)
