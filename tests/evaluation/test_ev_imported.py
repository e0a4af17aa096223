"""Traces as a corpus: what was imported is asked of another model like any recording."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("pydantic")

from ev_cli import declared, migrate

from cli_runs import done
from tokentape.testing.provider import Provider

SAMPLES = Path(__file__).parents[1] / "cassettes" / "importers" / "samples"
CLAUDE = "claude/claude-haiku-4-5"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("openinference-sdks", 9),
        ("otel-openllmetry-0.62", 8),
        ("langsmith-runs", 15),
        ("langfuse-observations", 6),
    ],
)
def test_an_imported_trace_is_migrated(tmp_path, name, asked):
    corpus = f"sqlite:{tmp_path / 'tapes.db'}#{name}"
    done("import", SAMPLES / f"{name}.jsonl", corpus)
    report = tmp_path / "report.json"
    with Provider() as provider:
        config = declared(provider, tmp_path / "gateway.toml", ["claude"])
        result = migrate(corpus, config, "--compare", "exact", "--json", report, targets=[CLAUDE])
    assert result.returncode == 0, result.stdout + result.stderr
    told = json.loads(report.read_text())
    [target] = told["targets"]
    rows = told["corpus"]
    assert (rows["calls"], rows["usable"], rows["unreadable"]) == (asked + 1, asked, [])
    assert rows["reasons"] == [["the reply is an error (status 429)", 1]]
    assert target["outcomes"] == {"answered": asked, "skipped": 0, "unanswered": 0, "left": 0}
    assert target["tokens_in"]["before"] is not None
    assert target["seconds"]["before"] is not None
