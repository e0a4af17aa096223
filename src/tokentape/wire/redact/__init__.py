"""Redaction: no credential is ever stored.

`Redactor` hides secrets in auth positions (`names`, `headers`, `url`), keys that show by their shape
(`shapes`) or by the name of their field (`fields`, `assigned`), and everything known to be secret
wherever it turns up (`known`). `scan` looks once more at what would be stored.
"""

from __future__ import annotations

from tokentape.wire.redact.placeholder import PLACEHOLDER_RE, WHOLE, collapse
from tokentape.wire.redact.redactor import Redactor

__all__ = ["PLACEHOLDER_RE", "WHOLE", "Redactor", "collapse"]
