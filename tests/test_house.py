"""The house rules that a test can hold."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import tokentape

SOURCE = Path(tokentape.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_file_is_longer_than_400_lines(path):
    assert lines(path) <= 400


def test_the_median_file_is_under_150_lines():
    assert statistics.median(map(lines, FILES)) < 150


def test_every_public_name_loads_and_is_listed():
    assert set(tokentape.__all__) == set(tokentape._HOME)
    for name in tokentape.__all__:
        assert getattr(tokentape, name).__name__ == name
    assert set(tokentape.__all__) <= set(dir(tokentape))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'record'"):
        tokentape.record  # noqa: B018


FOREIGN = ("httpx", "httpx2", "requests", "urllib3", "aiohttp", "yaml", "click", "rich", "asyncio", "brotli")


def loaded_by(code: str) -> set[str]:
    script = f"import sys; before = set(sys.modules); {code}; print('\\n'.join(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_tokentape_loads_no_foreign_module():
    loaded = loaded_by("import tokentape")
    assert not loaded & set(FOREIGN)
    assert len([name for name in loaded if name.startswith("tokentape")]) == 1


def test_the_pytest_plugin_loads_no_foreign_module():
    loaded = loaded_by("import pytest, sys; before = set(sys.modules); import tokentape.pytest_plugin")
    assert not loaded & set(FOREIGN) - {"asyncio"}


def test_a_cassette_needs_no_http_library(tmp_path):
    code = f"import tokentape\nwith tokentape.use_cassette({str(tmp_path / 'a.json')!r}, mode='once'): pass"
    loaded = loaded_by(f"exec({code!r})")
    assert not loaded & set(FOREIGN)
