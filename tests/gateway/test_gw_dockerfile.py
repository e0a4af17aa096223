"""The Dockerfile, without Docker: what it copies is there, what it starts starts, and only with a key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from fnmatch import fnmatch
from pathlib import Path

import pytest

pytest.importorskip("pydantic")
pytest.importorskip("uvicorn")
pytest.importorskip("aiohttp")

from gw_processes import ended

ROOT = Path(__file__).parents[2]
TEXT = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
LINES = [line.split(None, 1) for line in TEXT.splitlines() if line and not line.startswith("#")]


def told(name):
    return [rest for instruction, rest in LINES if instruction == name]


def settings():
    """The variables of the image."""
    return dict(pair.split("=", 1) for line in told("ENV") for pair in line.split())


def test_what_is_copied_is_there_and_not_ignored():
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in told("COPY"):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(fnmatch(source.split("/")[0], each) for each in kept), source


def test_it_runs_as_nobody_in_particular():
    names = [name for name, _ in LINES]
    assert told("USER") == ["tokentape"]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert json.loads(told("ENTRYPOINT")[0]) == ["tokentape", "serve"]


def environment(tmp_path, **more):
    image = settings()
    config = ROOT / "docker" / "gateway.toml"
    assert f"COPY docker/gateway.toml {image['TOKENTAPE_CONFIG']}" in TEXT
    text = config.read_text().replace("/data", tmp_path.as_posix())
    (tmp_path / "gateway.toml").write_text(text)
    image |= {"TOKENTAPE_CONFIG": str(tmp_path / "gateway.toml"), "TOKENTAPE_PORT": "0"}
    return {"PATH": os.environ["PATH"], **image, **more}


COMMAND = [sys.executable, "-m", "tokentape.cli.main", "serve"]


def test_without_a_key_it_does_not_start(tmp_path):
    done = subprocess.run(
        COMMAND,
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "GATEWAY_KEY" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_with_a_key_it_is_well_and_asks_for_it(tmp_path):
    started = subprocess.Popen(
        COMMAND, env=environment(tmp_path, GATEWAY_KEY="k-1"), cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        line = started.stdout.readline()
        assert "listening on http://0.0.0.0:" in line
        port = line.strip().rpartition(":")[2]
        (check,) = [line for line in told("HEALTHCHECK")]
        _, code, script = json.loads(check.partition("CMD ")[2])
        done = subprocess.run([sys.executable, code, script.replace("8420", port)], check=False, timeout=60)
        assert done.returncode == 0
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/upstreams", timeout=60)
        assert refused.value.code == 401
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/upstreams", headers={"Authorization": "Bearer k-1"}
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            assert reply.status == 200
    finally:
        ended(started)
