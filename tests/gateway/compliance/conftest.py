"""Where what is shared with the other tests of the gateway is found."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

NEEDED = ("aiohttp", "uvicorn", "httptools", "websockets", "openresponses_types", "httpx")
if not all(map(find_spec, NEEDED)):
    collect_ignore_glob = ["*"]
