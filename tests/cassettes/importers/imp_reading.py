"""Importing in tests: a file, read by the format that it is told to be, stored, and seen as rows."""

from __future__ import annotations

import json
from pathlib import Path

from tokentape.cassettes.importers.format import Given
from tokentape.cassettes.importers.notes import Notes
from tokentape.cassettes.importers.registry import format_of
from tokentape.evaluation.corpus.row import Row
from tokentape.keeping import as_stored
from tokentape.matching.key import Matcher
from tokentape.options import Options, redactor_of

SAMPLES = Path(__file__).parent / "samples"


def imported(path, requests=None):
    """The interactions of a file as they are stored, and the notes."""
    form, notes = format_of(str(path)), Notes()
    options = Options.of({})
    matcher, redactor = Matcher(options.match_on), redactor_of(options)
    read = form.read(Given(str(path), requests and str(requests)), notes)
    return [as_stored(one, matcher, redactor) for one in read], notes


def rows(path, requests=None):
    """The rows of a file, and the notes."""
    interactions, notes = imported(path, requests)
    return [Row(one, "imported") for one in interactions], notes


def only(path):
    """The one row of a file, which is whole."""
    [row], notes = rows(path)
    assert not row.why_not, notes.lines()
    return row


def lines(folder, *records, name="trace.jsonl"):
    """A file of JSON lines."""
    path = folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


def attribute(name, value):
    """One pair of OTLP."""
    if isinstance(value, bool):
        return {"key": name, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": name, "value": {"intValue": str(value)}}
    if isinstance(value, float):
        return {"key": name, "value": {"doubleValue": value}}
    if isinstance(value, list):
        values = [attribute("", one)["value"] for one in value]
        return {"key": name, "value": {"arrayValue": {"values": values}}}
    if isinstance(value, dict):
        values = [attribute(key, one) for key, one in value.items()]
        return {"key": name, "value": {"kvlistValue": {"values": values}}}
    return {"key": name, "value": {"stringValue": value}}


def otlp(about, *, id="00f067aa0ba902b7", parent="", name="chat m", **more):
    """A line of OTLP JSON with one span."""
    span = {
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "spanId": id,
        "parentSpanId": parent,
        "name": name,
        "startTimeUnixNano": "1795308474629921000",
        "endTimeUnixNano": "1795308476129921000",
        "attributes": [attribute(*pair) for pair in about.items()],
        **more,
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def texts(items):
    """What messages say, as text."""
    return [part.text for item in items for part in getattr(item, "parts", ()) if hasattr(part, "text")]
