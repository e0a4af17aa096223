"""The bundle that is committed is what the sources build to."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
VIEWER = ROOT / "viewer"
BUNDLE = ROOT / "src" / "tokentape" / "viewer" / "bundle"


def test_the_lock_file_names_no_registry():
    assert "resolved" not in (VIEWER / "package-lock.json").read_text(encoding="utf-8")


def test_the_bundle_is_what_the_sources_build_to(tmp_path):
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("building needs Node and npm")
    sources = tmp_path / "viewer"
    shutil.copytree(VIEWER, sources, ignore=shutil.ignore_patterns("node_modules"))
    installed = subprocess.run(
        [npm, "ci", "--silent"], cwd=sources, capture_output=True, text=True, check=False
    )
    if installed.returncode != 0:
        pytest.skip(f"npm ci did not work: {installed.stderr[-300:]}")
    out = tmp_path / "bundle"
    subprocess.run([node, "build.mjs", str(out)], cwd=sources, check=True)
    for built in sorted(out.iterdir()):
        assert built.read_bytes() == (BUNDLE / built.name).read_bytes(), f"{built.name}: run `make viewer`"
    assert {path.name for path in out.iterdir()} == {path.name for path in BUNDLE.iterdir()}
