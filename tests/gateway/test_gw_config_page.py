"""The page of the configuration shows every table and key there is."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("pydantic")

from tokentape.gateway.config.document import Document
from tokentape.gateway.config.values import Table
from tokentape.gateway.config.wording import model_in

SCRIPT = Path(__file__).parents[2] / "scripts" / "gateway_config.py"


def models(model, seen):
    seen.add(model)
    for field in model.model_fields.values():
        inner = model_in(field.annotation)
        if inner is not None and inner not in seen:
            models(inner, seen)
    return seen


def test_the_page_is_what_the_models_give():
    made = runpy.run_path(str(SCRIPT))
    page = made["PAGE"].read_text(encoding="utf-8")
    assert page == made["written"](page), "run: python scripts/gateway_config.py"


def test_every_table_and_key_says_what_it_is():
    for model in models(Document, set()):
        assert issubclass(model, Table)
        assert model.__doc__
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


def test_every_table_is_on_the_page():
    made = runpy.run_path(str(SCRIPT))
    assert made["tables"]().count("\n### ") == len(models(Document, set()))
