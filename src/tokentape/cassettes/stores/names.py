"""Names of cassettes as file names: safe on every system, stable, and readable where possible.

A name that is fit as it stands is not changed. Any other is cleaned and gets a hash of the original,
so that two names that clean to the same text stay two files. Both functions leave their own results
as they are. Names that differ in case only stay different names; file systems that fold case fold them.
"""

from __future__ import annotations

LONGEST = 110
"""Bytes of UTF-8 in one part: the 143 some encrypting file systems allow, less a journal's ending."""

_PUNCTUATION = frozenset("._-[](){}+=,@ ")
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {device + digit for device in ("com", "lpt") for digit in "0123456789¹²³"}
)
"""Device names on Windows, with any extension: `nul.json` is the null device."""


def safe_name(text: str) -> str:
    """One file name (without directory or ending) for any text; it never is `.`, `..` or empty."""
    clean = "".join(character if _fit(character) else "_" for character in _composed(text))
    clean = clean.lstrip(" .-").rstrip(" .") or "unnamed"
    if clean.partition(".")[0].rstrip().lower() in _RESERVED:
        clean = "_" + clean
    if clean == text and len(clean.encode()) <= LONGEST:
        return clean
    return _with_hash(clean, text)


def safe_path(*parts: str) -> str:
    """A relative path with `/` between its parts, for names that may hold `/` or `\\` themselves.

    Each part is made safe on its own, so the path stays below whatever it is joined to: `..` is a
    name like any other, and an absolute path becomes a relative one.
    """
    split = [inner for part in parts for inner in part.replace("\\", "/").split("/")]
    return "/".join(safe_name(part) for part in split if part) or safe_name("")


def _fit(character: str) -> bool:
    """ASCII letters, digits and a few signs; other letters, marks and numbers as they are."""
    if character.isascii():
        return character.isalnum() or character in _PUNCTUATION
    import unicodedata

    return unicodedata.category(character)[0] in "LMN"


def _composed(text: str) -> str:
    """Unicode form C: macOS gives the same file for composed and decomposed letters."""
    if text.isascii():
        return text
    import unicodedata

    return unicodedata.normalize("NFC", text)


def _with_hash(clean: str, text: str) -> str:
    from hashlib import sha256

    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    kept = clean.encode()[: LONGEST - len(digest) - 1].decode("utf-8", "ignore")
    return f"{kept.rstrip(' .')}-{digest}"
