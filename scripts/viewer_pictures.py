"""The pictures of docs/images: the report page of `tokentape demo migrate`, in light and in dark.

`python scripts/viewer_pictures.py` makes them, with Playwright, Pillow and the system's Chromium. Look at
them before you commit them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).parent.parent / "docs" / "images"
COMPARE = "exact,json,toolcalls,fuzzy,judge:court/arbiter-1"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
SIZE = {"width": 1280, "height": 820}


def main() -> None:
    """Make the report, open it, take the pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("there is no Chromium here")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = _report(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        _take(browser, page, "light")
        _take(browser, page, "dark")
        browser.close()


def _report(folder: Path) -> str:
    tokentape = str(Path(sys.executable).parent / "tokentape")
    subprocess.run([tokentape, "demo", "migrate", "--keep", "."], cwd=folder, check=True, capture_output=True)
    command = [tokentape, "report", "sqlite:shop.db", "--config", "upstreams.toml", "--compare", COMPARE]
    forms = ["--title", "The shop's mail: three cheaper models", "--html", "picture.html"]
    subprocess.run([*command, *forms], cwd=folder, check=True, capture_output=True)
    return (folder / "picture.html").as_uri()


def _take(browser: Browser, url: str, scheme: str) -> None:
    context = browser.new_context(viewport=SIZE, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("html[data-ready=yes]")
    _save(page, f"report-{scheme}.png")
    _open_row(page)
    _save(page, f"report-rows-{scheme}.png")
    context.close()


def _save(page: Page, name: str) -> None:
    """With 256 colours, which is enough for text and makes half the file."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        IMAGES / name, optimize=True
    )


def _open_row(page: Page) -> None:
    """A reply in JSON of which one field differs."""
    page.locator("select[name=category]").select_option("extract")
    page.locator("select[name=failed]").select_option("json")
    page.locator("#rows").evaluate("(rows) => rows.scrollIntoView()")
    page.locator("[role=listbox]").focus()
    page.keyboard.press("End")
    page.locator(".sides .changed").first.wait_for()


if __name__ == "__main__":
    main()
