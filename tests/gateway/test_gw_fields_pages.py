"""What the pages on conversations and field rules show is read as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("pydantic")

from tokentape.gateway.config.reading import read_text
from tokentape.gateway.fields.states import BY_NAME, CACHE_KEY

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("how-to/field-rules.md", "explanation/conversations.md")
BLOCKS = [
    pytest.param(block, id=f"{page}-{nth}")
    for page in PAGES
    for nth, block in enumerate(re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_is_a_configuration(block):
    mine = '[upstreams.mine]\npreset = "openai"\n' if '["mine"]' in block else ""
    assert read_text(mine + block).problems == ()


def test_every_built_in_rule_is_on_the_page():
    page = (DOCS / PAGES[0]).read_text("utf-8")
    assert set(re.findall(r"^\| `([\w-]+-[\w-]+)` \|", page, re.MULTILINE)) == {*BY_NAME, CACHE_KEY}
