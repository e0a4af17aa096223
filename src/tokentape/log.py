"""The logger `tokentape`: DEBUG per patch and hit, WARNING for what needs you; never bodies or secrets."""

from __future__ import annotations

import logging

log = logging.getLogger("tokentape")
log.addHandler(logging.NullHandler())
