"""Where savings and costs are shown: pytest's report, over xdist workers too, and `tokentape show`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

import tokentape

sys.path.insert(0, str(Path(__file__).parents[1]))
from metering_calls import chat

from cli_runs import done
from tokentape.cassettes.format.layout import assemble, render

TESTS = """
import pytest
from tokentape.opening import open_deck
from tokentape.wire.message import Request

@pytest.mark.parametrize("number", range(4))
def test_replays(number):
    deck = open_deck("a.json", mode="none", repeat="last")
    for _ in range(5):
        deck.begin(Request("POST", {url!r}, (), {body!r}))
    deck.close()
"""


@pytest.fixture
def project(pytester, monkeypatch):
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)
    taped = chat()
    (pytester.path / "a.json").write_bytes(assemble([render(taped)], rules="other", finished=True))
    pytester.makepyfile(TESTS.format(url=taped.request.url, body=taped.request.body))
    return pytester


SAVED = "saved: 20 calls, 22,000 tokens, $0.070, 0.80 s"


def test_the_report_says_what_was_saved(project):
    result = project.runpytest_subprocess("--tokentape-report")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([SAVED])


def test_the_report_sums_over_workers(project):
    pytest.importorskip("xdist")
    result = project.runpytest_subprocess("--tokentape-report", "-n", "2")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([SAVED])


def test_a_run_that_replayed_nothing_says_nothing_of_savings(pytester):
    pytester.makepyfile("def test_nothing(): pass")
    assert "saved:" not in pytester.runpytest_subprocess("--tokentape-report").stdout.str()


def test_show_says_what_a_call_used_and_cost(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(assemble([render(chat())], rules="other", finished=True))
    assert ", 1000 tokens in, 100 out, $0.0035; ended: eof" in done("show", path)
    [facts] = json.loads(done("show", path, "--json"))
    assert facts["usage"]["input"] == 1000
    assert facts["usage"]["cache_read"] is None
    assert facts["cost"]["usd"] == "0.0035"
    assert re.fullmatch(r"genai-prices [\d.]+, [\d-]+", facts["cost"]["source"])


def test_show_says_nothing_of_a_cost_that_is_unknown(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(assemble([render(chat(model="m", answered="m"))], rules="other", finished=True))
    assert ", 1000 tokens in, 100 out; ended: eof" in done("show", path)
    [facts] = json.loads(done("show", path, "--json"))
    assert facts["cost"] == {"usd": None, "source": None, "reason": "openai has no listed price for m"}


def test_importing_tokentape_or_playing_loads_no_prices(tmp_path, unwatched):
    import subprocess

    path = tmp_path / "a.json"
    path.write_bytes(assemble([render(chat())], rules="other", finished=True))
    code = (
        "import sys, tokentape\n"
        f"with tokentape.use_cassette({str(path)!r}, mode='none'): pass\n"
        "print([n for n in sys.modules if n.startswith('tokentape.metering') or n == 'decimal'])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=unwatched
    )
    assert run.stdout.strip() == "['tokentape.metering', 'tokentape.metering.plays']"
    assert tokentape.savings.__module__ == "tokentape.metering.savings"
