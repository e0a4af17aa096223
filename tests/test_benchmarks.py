"""Every benchmark still runs, with the least of each. What it measures then means nothing, and is not looked at."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openai")
pytest.importorskip("httpx2")

ROOT = Path(__file__).parent.parent
PARTS = {
    "Replay": "replay 2 calls, tokentape over in memory",
    "Recording": "recording, added per chunk",
    "HTTP stacks": "httpx2: tokentape adds to the first byte",
    "Loading and size": "load a 1 MB text body",
    "Match keys": "exact repeat",
    "Imports": "the pytest plugin",
    "Translation": "plain Chat request to Messages, bytes to bytes",
    "Guard": "refusing a connection while replaying",
    "Launching": "tokentape run adds to it",
    "Soak": "replaying 4 calls with SQLite",
    "Evaluation": "in one process, peak memory",
    "Gateway": "passed on, over the bare pass-through",
    "Report page": "a report page with 40 rows: ready",
}


def run(*args):
    command = [sys.executable, "-m", "benchmarks", *args]
    environment = os.environ | {"CI": "true", "TOKENTAPE_MODE": "none"}  # it is to shake these off
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("part", PARTS)
def test_it_runs(part):
    if part == "Gateway":
        pytest.importorskip("aiohttp")
        pytest.importorskip("uvicorn")
        pytest.importorskip("pydantic")
    if part == "Evaluation":
        pytest.importorskip("daft")
        pytest.importorskip("rapidfuzz")
    if part == "Report page":
        pytest.importorskip("playwright")
        if shutil.which("chromium") is None:
            pytest.skip("there is no Chromium on this machine")
    done = run("--quick", part)
    assert done.returncode == 0, done.stderr
    assert PARTS[part] in done.stdout


def test_there_is_a_test_of_each_part():
    done = run("Nothing")
    assert done.returncode == 2
    assert done.stderr.endswith(f"no such part: Nothing; there are {', '.join(PARTS)}\n")


PAGE = """
from benchmarks.__main__ import PARTS, _page
from benchmarks.measure import Row
rows = [Row("ours", 1.5, "x", 2), Row("ours", 2.5, "x", 2), Row("vcrpy", 3, "x"), Row("vcrpy", float("nan"), "x")]
rows += [Row("more", 30, "x", least=30), Row("more", 29, "x", least=30)]
print(_page({title: rows for title in PARTS}))
"""


def test_the_page_has_a_table_of_each_part():
    done = subprocess.run([sys.executable, "-c", PAGE], cwd=ROOT, capture_output=True, text=True, check=True)
    page = done.stdout
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(PARTS)
    assert "| ours | 1.5 x | at most 2 x | holds |" in page
    assert "| ours | 2.5 x | at most 2 x | DOES NOT HOLD |" in page
    assert "| more | 30 x | at least 30 x | holds |" in page
    assert "| more | 29 x | at least 30 x | DOES NOT HOLD |" in page
    if importlib.util.find_spec("vcr"):
        assert "| vcrpy | 3 x | peer |  |" in page
        assert "| vcrpy | - | peer | nothing arrives |" in page


def test_a_part_is_never_written_over_the_whole():
    done = run("--write", "--quick")
    assert done.returncode == 2
    assert "whole run" in done.stderr
