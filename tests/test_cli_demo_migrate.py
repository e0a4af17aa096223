"""`tokentape demo migrate` in a process of its own: the whole way, offline, without a key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("pydantic")
pytest.importorskip("rapidfuzz")

from cli_runs import BARE, refused, run

COMPARED = "exact,json,toolcalls,fuzzy,judge:court/arbiter-1"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The folder that the demo kept, and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    result = run("demo", "migrate", "--keep", folder / "kept")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "kept", result


@pytest.fixture(scope="module")
def report(kept):
    """The report as JSON, made offline of what was kept."""
    return offline(kept[0])


def offline(folder):
    path = folder / "report.json"
    place = f"sqlite:{folder / 'shop.db'}"
    result = run(
        "report", place, "--config", folder / "upstreams.toml", "--compare", COMPARED, "--json", path
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(path.read_text())


def rates(report):
    """(passed, failed) by target and comparator."""
    return {
        (target["name"], rate["name"].partition(":")[0]): (rate["passed"], rate["failed"])
        for target in report["targets"]
        for rate in target["comparators"]
    }


def test_it_asks_three_models_and_ends_with_the_path_of_the_report(kept):
    folder, result = kept
    *_, last = result.stdout.splitlines()
    assert last == f"The report: {folder / 'report.html'}"
    assert "<html" in (folder / "report.html").read_text()[:200]
    assert sorted(os.listdir(folder))[:3] == ["report.html", "shop.db", "upstreams.toml"]
    assert "swift/swift-2-mini holds up" in " ".join(result.stdout.split())
    assert "\x1b" not in result.stdout
    assert "trouble" not in result.stderr


def test_the_models_are_as_they_were_announced(report):
    found = rates(report)
    answered = {target["name"]: target["outcomes"] for target in report["targets"]}
    assert all(each["answered"] == 157 for each in answered.values())
    good, talks, declines = "swift/swift-2-mini", "breeze/breeze-lite", "prudence/prudence-3"
    assert found[good, "json"][1] == found[good, "toolcalls"][1] == 0
    assert found[talks, "toolcalls"][1] > 10
    assert found[declines, "judge"][1] > found[good, "judge"][1]
    by_name = {target["name"]: target for target in report["targets"]}
    assert by_name[good]["cost"]["ratio"] < 0.3
    assert by_name[talks]["tokens_out"]["ratio"] > 1.2
    assert by_name[good]["verdict"]["level"] == "good"
    assert by_name[talks]["verdict"]["level"] == by_name[declines]["verdict"]["level"] == "bad"
    refused_rows = [
        row for row in report["rows"] if any("can't help" in part.get("text", "") for part in row["after"])
    ]
    assert {row["target"] for row in refused_rows} == {declines}


def test_the_corpus_has_all_that_a_corpus_has(report):
    corpus, rows = report["corpus"], report["rows"]
    assert (corpus["rows"], corpus["calls"], corpus["usable"], corpus["clusters"]) == (159, 157, 157, 118)
    assert {row["dialect"] for row in rows} == {
        "openai.chat",
        "openai.responses",
        "anthropic.messages",
        "gemini",
        "bedrock.converse",
    }
    categories = {"extract", "triage", "tools", "summary", "advice", "writing", "picture"}
    assert {row["category"] for row in rows} == categories
    assert sum(row["times"] > 1 for row in rows) == 2 * 3
    assert any(part["kind"] == "media" and part.get("data") for row in rows for part in row["asked"])
    assert any(part["kind"] == "result" for row in rows for part in row["asked"])
    assert all(row["facts"]["before"]["usd"] for row in rows)


def test_asked_again_it_asks_nothing(kept):
    result = run("demo", "migrate", "--keep", kept[0])
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("157 answered (0 now, 157 before)") == 3


def test_without_a_folder_only_the_report_stays_and_it_says_the_same(kept, tmp_path):
    result = run("demo", "migrate", TMPDIR=str(tmp_path), TOKENTAPE_MODE="none", CI="true")
    assert result.returncode == 0, result.stderr
    path = Path(result.stdout.splitlines()[-1].removeprefix("The report: "))
    assert [str(found) for found in tmp_path.rglob("*") if found.is_file()] == [str(path)]
    assert path.parent.parent == tmp_path
    assert figures(result.stdout) == figures(kept[1].stdout)


def figures(said):
    """The report as it was printed, without times and places."""
    report = said[said.index("A shop's program, asked") : said.index("Worst rows")]
    lines = (" ".join(line.split()) for line in report.splitlines())
    return [line for line in lines if re.search(r"\w", line) and not re.search(r"time|\d s ", line)]


def test_it_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['aiohttp', 'rapidfuzz']));"
        "from tokentape.cli.main import main; main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "demo", "migrate"], env=BARE, capture_output=True, text=True, check=False
    )
    wanted = "tokentape: this demo needs aiohttp, rapidfuzz: pip install 'tokentape[evaluation,gateway]'\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", wanted)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    assert "name a folder" in refused("demo", "migrate", "--keep", tmp_path / "file")
