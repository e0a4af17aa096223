"""A report page in a browser, which tells everything that it asked for and everything that went wrong."""

from __future__ import annotations

import json

from tokentape.viewer.html import write_html


class Opened:
    """One page, from disk."""

    def __init__(self, browser, path, figures, rows, most_rows, context):
        with path.open("w", encoding="utf-8") as out:
            self.left_out = write_html(out, figures, iter(rows), most_rows=most_rows)
        self.url = path.as_uri()
        self._context = browser.new_context(viewport={"width": 1400, "height": 900}, **context)
        self.page = self._context.new_page()
        self.requests: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text))
        self.page.on("dialog", lambda dialog: self.wrong.append(dialog.message))
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective))"
        )

    def show(self, hash=""):
        """Open it, and wait until it is there."""
        self.page.goto(self.url + hash)
        self.page.wait_for_selector("html[data-ready=yes]")
        return self

    def shown(self) -> int:
        """How many rows the filters leave."""
        return int(self.page.locator("output.shown").inner_text().split(" of ")[0].replace(",", ""))

    def choose(self, name: str, value: str) -> None:
        """Of one of the filters."""
        self.page.locator(f"select[name={name}]").select_option(value)

    def search(self, words: str) -> None:
        """Type it, and wait until all rows are read."""
        self.page.locator("input[type=search]").fill(words)
        self.page.locator(f"output.shown[data-for={json.dumps(words)}]").wait_for()

    def close(self) -> None:
        """It asked for itself and the images that it holds, and nothing went wrong."""
        asked = [
            url
            for url in self.requests
            if url.partition("#")[0] != self.url and not url.startswith("data:image/")
        ]
        self._context.close()
        assert asked == []
        assert self.wrong == []
