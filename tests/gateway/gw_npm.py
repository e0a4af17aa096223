"""Packages from npm, for tests of clients in JavaScript; a skip where they cannot be had."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

OLDEST = 20
"""The oldest Node that the SDKs say they run on."""


def with_packages(folder, *packages):
    """Install them into the folder; it, or a skip that says why not."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"v(\d+)\.", version)
    if found is None or int(found[1]) < OLDEST:
        pytest.skip(f"Node {OLDEST} or later is needed, this is {version.strip()}")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    command = [npm, "install", "--no-audit", "--no-fund", *packages]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer")
    if done.returncode != 0:
        pytest.skip(f"packages cannot be had from npm: {done.stderr[-300:]}")
    return folder
