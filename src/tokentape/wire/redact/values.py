"""Does a value look like a credential? Used where the name or the place alone is not enough."""

from __future__ import annotations

import base64
import binascii
import re

from tokentape.wire.redact.vocabulary import vocabulary

_TOKEN_RE = re.compile(rb"[A-Za-z0-9_\-+/=.~%*$]+")
_UUID_RE = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX_RE = re.compile(rb"(?:sha\d+[:-])?[0-9a-fA-F]+")
_DIGIT_RE = re.compile(rb"[0-9]")
_LETTER_RE = re.compile(rb"[A-Za-z]")
_UPPER_RE = re.compile(rb"[A-Z]")
_LOWER_RE = re.compile(rb"[a-z]")
_RUN_RE = re.compile(rb"[A-Za-z0-9]{16}")
_ID_RE = re.compile(rb"[a-z]{2,12}[_-][A-Za-z0-9]+")

_TYPE_WORDS = frozenset(
    b"string|str|number|boolean|bool|null|none|undefined|object|required|optional|true|false|redacted".split(
        b"|"
    )
)
_STAND_INS = vocabulary(
    "test tests testing dummy fake mock mocked sample example demo placeholder none null not no needed"
    " necessary required unused empty any anything your my the a an key keys api apikey token secret"
    " password passwd here insert change changeme me lm studio lmstudio ollama local localhost openai"
    " anthropic redacted xxx xxxx sk value string default admin user username bearer basic undefined"
    " replace with provided set to be hidden removed masked authorization credential credentials"
)


def is_type_word(value: bytes) -> bool:
    """`string`, `required`, ...: what a schema or a form description says in place of a value."""
    return value.strip().lower() in _TYPE_WORDS


def is_stand_in(value: str) -> bool:
    """`test-key`, `lm-studio`, `YOUR_API_KEY`: words that people write where no credential is needed.

    Learning one of them would eat ordinary text.
    """
    found = re.findall(r"[a-z]+", value.lower())
    rest = re.sub(r"[A-Za-z\s_\-.<>{}$\[\]()~*]+", "", value)
    return len(rest) < 4 and all(word in _STAND_INS for word in found)


def looks_random(value: bytes, least: int) -> bool:
    """A token of at least `least` characters with digits and letters, and not a UUID."""
    if len(value) < least or not _TOKEN_RE.fullmatch(value) or _UUID_RE.fullmatch(value):
        return False
    return bool(_DIGIT_RE.search(value) and _LETTER_RE.search(value))


def looks_secret_key(value: bytes) -> bool:
    """For the bare name `key`, which is mostly a map key: long, mixed case, no hash, id or path."""
    if not looks_random(value, 20) or b"/" in value or b"." in value or _HEX_RE.fullmatch(value):
        return False
    return bool(_UPPER_RE.search(value) and _LOWER_RE.search(value)) and not _ID_RE.fullmatch(value)


def unlike_words(value: bytes) -> bool:
    """Tells `sk-4fGh...` from `sk-learn-contrib`: a digit, a capital, a mask or an unbroken run."""
    return bool(_DIGIT_RE.search(value) or _UPPER_RE.search(value) or b"*" in value or _RUN_RE.search(value))


def is_bearer(value: bytes) -> bool:
    """The word after `Bearer`: a token, not the next word of a sentence nor `YOUR_API_KEY`."""
    if is_stand_in(value.decode("latin-1")):
        return False
    return looks_random(value, 8) or len(value) >= 20 or (len(value) >= 16 and unlike_words(value))


def basic_pair(value: bytes) -> tuple[str, str] | None:
    """User and password of a Basic credential, or None if the word is something else."""
    try:
        plain = base64.b64decode(value + b"=" * (-len(value) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, colon, password = plain.partition(":")
    return (user, password) if colon and plain.isprintable() else None


def is_basic(value: bytes) -> bool:
    """True if `value` decodes to `user:password`."""
    return basic_pair(value) is not None


def is_aws_secret(value: bytes) -> bool:
    """Forty characters of the base64 alphabet with capitals, small letters and digits."""
    return len(value) == 40 and all(pattern.search(value) for pattern in (_DIGIT_RE, _UPPER_RE, _LOWER_RE))
