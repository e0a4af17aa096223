"""What every test needs."""

from __future__ import annotations

pytest_plugins = ["pytester"]
