"""`tokentape score --ray`: on a real cluster, what this machine alone says. `nox -s ray`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("daft")
pytest.importorskip("ray", reason="runs in the session `ray` of nox")
pytestmark = pytest.mark.filterwarnings("ignore")

from click.testing import CliRunner  # noqa: E402
from ev_bulk import corpus  # noqa: E402

from tokentape.cli.main import tokentape  # noqa: E402

BIN = Path(sys.executable).parent
ENVIRONMENT = {
    **os.environ,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "DAFT_PROGRESS_BAR": "0",
    "DO_NOT_TRACK": "true",
    "COLUMNS": "120",
}
HEAD = "import ray, sys; ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False); print(ray.get_runtime_context().gcs_address, flush=True); sys.stdin.read()"


@pytest.fixture
def cluster():
    """The address of a cluster of one machine, for as long as its first process lives."""
    head = subprocess.Popen(
        [sys.executable, "-c", HEAD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT,
    )
    with head:
        yield head.stdout.readline().strip()
        head.stdin.close()


def scored(*words):
    """What the command prints, in a process of its own: Daft has one runner in each."""
    command = [shutil.which("tokentape", path=str(BIN)), "score", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(("│", "┃"))]


def test_a_cluster_says_what_one_machine_says(tmp_path, cluster):
    place, answers = corpus(tmp_path)
    exported = ["export", place, "--parquet", str(tmp_path / "rows.parquet"), "--answers", answers]
    assert CliRunner().invoke(tokentape, exported).exit_code == 0
    words = (tmp_path / "rows.parquet", "--compare", "exact,fuzzy,json,toolcalls", "--by", "category")
    here = scored(*words)
    assert len(here) > 8
    assert scored(*words, "--ray", cluster) == here
