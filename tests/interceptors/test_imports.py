"""Patching at import: now if the module is there, else right after it has been executed."""

from __future__ import annotations

import importlib
import inspect
import sys

import pytest

from tokentape.interceptors import imports
from tokentape.interceptors.imports import when_imported


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `toyhttp` on the path, not imported."""
    folder = tmp_path / "toyhttp"
    folder.mkdir()
    (folder / "__init__.py").write_text("from toyhttp.core import Client\nSTATE = []\n")
    (folder / "core.py").write_text("class Client:\n    def send(self):\n        return 'sent'\n")
    (folder / "data.txt").write_text("data")
    monkeypatch.syspath_prepend(tmp_path)
    yield "toyhttp"
    for name in [name for name in sys.modules if name.partition(".")[0] == "toyhttp"]:
        del sys.modules[name]


def test_a_module_that_is_there_is_given_at_once(package):
    module = importlib.import_module(package)
    got = []
    when_imported(package, got.append)()
    assert got == [module]


def test_a_module_that_comes_later_is_given_when_it_has_been_executed(package):
    got = []
    cancel = when_imported(package, lambda module: got.append((module, hasattr(module, "Client"))))
    assert got == []
    module = importlib.import_module(package)
    cancel()
    assert got == [(module, True)]


def test_source_resources_and_loader_are_the_real_ones(package):
    cancel = when_imported(package, lambda module: None)
    module = importlib.import_module(package)
    cancel()
    assert "STATE = []" in inspect.getsource(module)
    assert type(module.__loader__) is importlib.machinery.SourceFileLoader
    assert module.__spec__.loader is module.__loader__
    assert importlib.resources.files(module).joinpath("data.txt").read_text() == "data"


def test_a_reload_works_and_is_told_again(package):
    got = []
    cancel = when_imported(package, got.append)
    module = importlib.import_module(package)
    assert importlib.reload(module) is module
    cancel()
    assert got == [module, module]
    assert importlib.reload(module) is module
    assert got == [module, module]


def test_cancelled_means_never_and_nothing_is_left_behind(package):
    before = list(sys.meta_path)
    got = []
    first = when_imported(package, got.append)
    second = when_imported(package, got.append)
    assert len(sys.meta_path) == len(before) + 1
    first()
    first()
    assert imports._finder in sys.meta_path
    second()
    assert sys.meta_path == before
    importlib.import_module(package)
    assert got == []


def test_other_modules_and_missing_ones_are_none_of_its_business(package):
    got = []
    cancel = when_imported("toyhttp_that_is_not_there", got.append)
    importlib.import_module(package)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("toyhttp_that_is_not_there")
    cancel()
    assert got == []


def test_a_module_that_fails_to_import_fails_as_always(package, tmp_path):
    (tmp_path / "toyhttp" / "__init__.py").write_text("raise RuntimeError('broken')\n")
    got = []
    cancel = when_imported(package, got.append)
    with pytest.raises(RuntimeError, match="broken"):
        importlib.import_module(package)
    cancel()
    assert got == []
    assert package not in sys.modules


def test_an_alias_gives_the_same_module_object():
    """`httpx2.alias_httpx()` puts one module under two names."""
    import httpx2

    got = []
    when_imported("httpx2", got.append)()
    assert got == [httpx2]
