"""Text can be read on its ground, in light and in dark: a contrast of 4.5 to 1, as WCAG 2 asks (AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

THEME = Path(__file__).parent.parent.parent / "viewer" / "src" / "styles" / "theme.css"
PAIRS = [
    *(
        ("--text", ground)
        for ground in ("--ground", "--card", "--sunk", "--chosen", "--del-mark", "--ins-mark")
    ),
    *(("--dim", ground) for ground in ("--ground", "--card", "--sunk", "--chosen")),
    *(("--accent", ground) for ground in ("--ground", "--card", "--sunk", "--chosen")),
    *((name, f"{name}-ground") for name in ("--good", "--bad", "--warn")),
    *((name, "--card") for name in ("--good", "--bad", "--warn")),
]


def themes():
    light, dark = re.findall(
        r"^ *:root[^{]*\{(.*?)^ *\}", THEME.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    colours = [dict(re.findall(r"(--[\w-]+): (#\w{6});", block)) for block in (light, dark)]
    return {"light": colours[0], "dark": colours[1]}


def luminance(colour):
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_text_has_contrast(name):
    colours = themes()[name]
    low = {}
    for text, ground in PAIRS:
        lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
        contrast = (lighter + 0.05) / (darker + 0.05)
        if contrast < 4.5:
            low[text, ground] = round(contrast, 2)
    assert low == {}
