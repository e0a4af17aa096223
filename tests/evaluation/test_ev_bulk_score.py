"""`tokentape score`: on Daft, over exported files, what the evaluation in one process says."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("rapidfuzz")
daft = pytest.importorskip("daft")

from click.testing import CliRunner  # noqa: E402
from ev_bulk import CANDIDATE, corpus, store_of  # noqa: E402

from tokentape.cli.main import tokentape  # noqa: E402
from tokentape.errors import UsageError  # noqa: E402
from tokentape.evaluation.asking.answers import ANSWERS, open_lane  # noqa: E402
from tokentape.evaluation.asking.means import RESTING, Means  # noqa: E402
from tokentape.evaluation.asking.purse import Purse  # noqa: E402
from tokentape.evaluation.bulk import exporting, scoring  # noqa: E402
from tokentape.evaluation.comparing.spec import comparators_of  # noqa: E402
from tokentape.evaluation.corpus.choosing import Corpus  # noqa: E402
from tokentape.evaluation.scoring.scoring import Scoring  # noqa: E402
from tokentape.upstreams.pools.pools import Pools  # noqa: E402

COMPARE = "exact,fuzzy,json,json:category,toolcalls,length,latency,cost,refusal"


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("DAFT_PROGRESS_BAR", "0")
    monkeypatch.setenv("DO_NOT_TRACK", "true")
    # The processes that Daft starts leave files open here; a program of its own has them below.
    monkeypatch.setattr(scoring, "IN_PROCESSES", False)


def run(*words):
    result = CliRunner().invoke(tokentape, [*map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def exported(tmp_path, *words):
    place, answers = corpus(tmp_path)
    run("export", place, "--parquet", tmp_path / "rows", "--answers", answers, *words)
    return place, [f"{tmp_path}/rows/*.parquet"]


def in_process(place):
    """Each verdict of the evaluation in one process."""
    told = {}

    def tell(scored):
        for name, verdict in scored.verdicts.items():
            told[scored.row.handle.hex(), scored.target, scored.sample, name] = (*verdict[:2], verdict.reason)

    with Corpus(place) as chosen:
        lane = open_lane(store_of(place), ANSWERS, CANDIDATE, asks=False, repeat="cycle")
        means = Means(None, Pools((), RESTING), Purse())
        asyncio.run(Scoring(chosen, [lane], means, comparators_of(COMPARE), None).run(tell))
    return told


@pytest.mark.parametrize(
    "words", [(), ("--rows-per-file", 3), ("--all",)], ids=["one file", "several", "ungrouped"]
)
def test_the_verdicts_are_those_of_one_process(tmp_path, words):
    """Grouped before or by the job itself, of one file or several."""
    place, files = exported(tmp_path, *words)
    found = scoring.verdicts(files, COMPARE).to_pylist()
    told = {
        (row["handle"], row["target"], row["sample"], row["comparator"]): (
            row["score"],
            row["passed"],
            row["reason"],
        )
        for row in found
    }
    expected = in_process(place)
    assert told == expected
    assert len(expected) == 7 * 9
    assert len(found) == len(told)
    with Corpus(place) as chosen:
        known = {
            row.handle.hex(): (row.key, row.same.hex(), row.times, row.category) for row in map(_said, chosen)
        }
    assert {row["handle"]: (row["key"], row["same"], row["times"], row["category"]) for row in found} == known


class _said:
    """A row with the category that its metadata says."""

    def __init__(self, row):
        self.handle, self.key, self.same, self.times = row.handle, row.key, row.same, row.times
        self.category = row.metadata.get("category")


def test_rates_are_sums_of_verdicts(tmp_path):
    _, files = exported(tmp_path)
    found = scoring.verdicts(files, "exact,json").collect()
    rows = found.to_pylist()
    for by in ((), ("category",), ("model",)):
        names = ("target", "comparator", *by)
        expected = {}
        for row in rows:
            counts = expected.setdefault(tuple(row[name] for name in names), Counter())
            counts["rows"] += row["score"] is not None
            counts["passed"] += row["passed"] is True
            counts["failed"] += row["passed"] is False
            counts["score"] += row["score"] or 0
        for rate in scoring.rates(found, *by):
            counts = expected.pop(tuple(rate[name] for name in names))
            assert [rate[name] for name in ("rows", "passed", "failed")] == [
                counts[n] for n in ("rows", "passed", "failed")
            ]
            mean = counts["score"] / counts["rows"] if counts["rows"] else None
            assert rate["score"] == (mean if mean is None else pytest.approx(mean))
        assert not expected


def test_the_command(tmp_path):
    _, files = exported(tmp_path)
    out = tmp_path / "verdicts"
    said = run("score", *files, "--compare", "exact,json", "--by", "category", "--out", out)
    assert "exact" in said
    assert "extract" in said
    assert f"verdicts: {out}" in said
    assert daft.read_parquet(f"{out}/*.parquet").count_rows() == 14
    with pytest.raises(UsageError, match="exists already; --force replaces it"):
        run("score", *files, "--compare", "exact", "--out", out)
    run("score", *files, "--compare", "exact", "--out", out, "--force")
    assert daft.read_parquet(f"{out}/*.parquet").count_rows() == 7
    assert sorted(os.listdir(tmp_path)) == ["corpus.db", "rows", "verdicts"]


def test_processes_of_its_own_say_the_same(tmp_path):
    _, files = exported(tmp_path)
    words = ["score", *files, "--compare", COMPARE, "--by", "model"]
    command = [sys.executable, "-m", "tokentape.cli.main", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, tables(done.stdout)) == (0, tables(run(*words))), done.stderr


def tables(said):
    return [line for line in said.splitlines() if line.startswith("│")]


def test_what_is_wrong_is_said_before_anything_is_read(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="no comparator is called 'exakt'"):
        run("score", "nowhere.parquet", "--compare", "exakt")
    with pytest.raises(UsageError, match="asks a model, which `tokentape report` does"):
        run("score", "nowhere.parquet", "--compare", "judge:openai/gpt-5-mini")
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs daft: pip install 'tokentape\[daft\]'"):
        run("score", "nowhere.parquet")


def test_files_that_are_no_export_are_told(tmp_path):
    with pytest.raises(UsageError, match="nowhere"):
        run("score", tmp_path / "nowhere.parquet")
    daft.from_pydict({"x": [1]}).write_parquet(str(tmp_path / "other"))
    with pytest.raises(UsageError, match="no export of tokentape"):
        run("score", f"{tmp_path}/other/*.parquet")


def test_a_cluster_is_named_to_daft_once(monkeypatch):
    asked = []
    monkeypatch.setattr(scoring, "_connected", [])
    monkeypatch.setattr(daft, "set_runner_ray", asked.append)
    scoring.connect("ray://head:10001")
    scoring.connect("ray://head:10001")
    assert asked == ["ray://head:10001"]

    def broken(error):
        def set_runner(address):
            raise error

        monkeypatch.setattr(daft, "set_runner_ray", set_runner)

    broken(ImportError("ray"))
    with pytest.raises(UsageError, match="needs Ray, here and there"):
        scoring.connect("ray://other:10001")
    broken(RuntimeError("Cannot set runner more than once"))
    with pytest.raises(UsageError, match="--ray ray://other:10001: Cannot set runner"):
        scoring.connect("ray://other:10001")
