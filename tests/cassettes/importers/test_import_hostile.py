"""Hostile input: every format reads anything, leaves out what it cannot read, and raises nothing of Python's."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imp_reading import SAMPLES, lines, otlp, rows
from test_import_batches import answered, asked
from test_import_langfuse import CALL as GENERATION
from test_import_langsmith import RUN
from test_import_openinference import CALL, ROW, SPAN
from test_import_otel import CONTENT, MODEL, log

from tokentape.cassettes.importers.format import Given
from tokentape.cassettes.importers.notes import Notes
from tokentape.cassettes.importers.registry import FORMATS
from tokentape.errors import TokentapeError
from tokentape.keeping import as_stored
from tokentape.matching.key import Matcher
from tokentape.options import Options, redactor_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
WHOLE = [
    otlp(CALL), otlp({**MODEL, **CONTENT}), log("gen_ai.choice", {"message": {"content": "x"}}), ROW, SPAN,
    GENERATION, RUN, answered("a"), asked("a"),
]  # fmt: skip
KNOWN = [
    json.loads(line) for path in sorted(SAMPLES.glob("*.jsonl")) for line in path.read_text().splitlines()[:6]
]
READERS = [form for form in FORMATS if form.name != "vcr"]


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def changed(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@st.composite
def damaged(draw):
    """A real record of which one part, anywhere, is something else."""
    record = draw(st.sampled_from(WHOLE + KNOWN))
    path = draw(st.sampled_from(list(places(record))))
    return changed(record, path, draw(JSON))


def read(form, path):
    options = Options.of({})
    matcher, redactor = Matcher(options.match_on), redactor_of(options)
    for one in form.read(Given(str(path), str(path)), Notes()):
        as_stored(one, matcher, redactor)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(damaged() | JSON, min_size=1, max_size=3))
def test_no_format_raises_for_what_it_reads(tmp_path, records):
    path = lines(tmp_path, *records)
    for form in READERS:
        try:
            read(form, path)
        except TokentapeError:
            continue


@pytest.mark.parametrize("depth", [90, 900, 100_000])
def test_nesting_of_any_depth(tmp_path, depth):
    deep = "[" * depth + "]" * depth
    records = [
        *WHOLE,
        {**GENERATION, "id": "o9", "output": "@"},
        {**RUN, "id": "9", "inputs": {"messages": "@"}},
    ]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(json.dumps(one).replace('"@"', deep) for one in records))
    for form in READERS:
        read(form, path)


def test_a_model_whose_name_would_lead_elsewhere_leads_nowhere(tmp_path):
    for model in ("../../x", "a?b#c", "http://evil.example/", "a\r\nHost: evil", "a b"):
        about = {**MODEL, **CONTENT, "gen_ai.provider.name": "gcp.gemini", "gen_ai.request.model": model}
        for row in rows(lines(tmp_path, otlp(about)))[0]:
            url = row.interaction.request.url
            assert url.startswith("https://generativelanguage.googleapis.com/v1beta/")
            assert not set(url) & set("\r\n #")
            assert ".." not in url


def test_odd_reasons_are_not_kept_apart_without_end(tmp_path):
    notes = Notes()
    for number in range(5000):
        notes.lose(f"the parameter {number}")
    assert len(notes.lines()) == 201
