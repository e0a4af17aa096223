"""Which packages tests may use."""

from __future__ import annotations

from importlib.util import find_spec


def is_installed(name):
    """True for a package; a folder of tests of that name is none."""
    try:
        found = find_spec(name)
    except ModuleNotFoundError:  # of google.genai, where nothing of Google's is there
        return False
    return found is not None and found.origin is not None
