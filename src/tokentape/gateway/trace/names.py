"""Names of traces on disk: whatever an id holds, it stays one plain name in its folder."""

from __future__ import annotations

import hashlib
import re
import time

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
ENDING = ".json"
INDEX = "index.jsonl"
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def safe_id(id: str) -> str:
    """The id where it is a plain word, else what is left of it with a hash of the whole: no dots, no
    slashes, no more than 64 characters, and two ids do not meet.
    """
    if _SAFE.fullmatch(id):
        return id
    digest = hashlib.sha256(id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{_UNSAFE.sub('_', id)[:40]}~{digest}"


def name_of(id: str, at: float) -> str:
    """The name of a trace, without its ending: the time of day (UTC) first, so that names sort by it."""
    whole, milli = divmod(int(at * 1000), 1000)
    return f"{time.strftime('%H%M%S', time.gmtime(whole))}{milli:03d}-{safe_id(id)}"
