"""Where the gateway's log goes: to standard error, in every process."""

from __future__ import annotations

import logging


def log_to_stderr(level: str) -> None:
    """Log what is at least as grave as `level` ("debug", "info", "warning", "error")."""
    logging.basicConfig(level=level.upper(), format="%(levelname)s %(message)s")
