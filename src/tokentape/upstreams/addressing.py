"""Where a request goes: an upstream's base URL, its API's path, and nothing that a model's name could add.

    https://api.groq.com/openai/v1  +  v1/chat/completions     .../openai/v1/chat/completions
    https://api.z.ai/api/paas/v4    +  v1/chat/completions     .../api/paas/v4/chat/completions
    http://127.0.0.1:11434          +  api/chat                http://127.0.0.1:11434/api/chat

A version at the end of the base stands for the one in the path. Where an API has other paths, templates say
so (`Upstream.paths`): the key is how the path begins, without its version ("chat/completions", "models"; the
longest that fits counts, "*" is any), the value comes after the base:

    {model}       the model, as one segment of the path
    {model:path}  the model, whose slashes are slashes of the path
    {method}      what stands after the colon ("generateContent"), else rawPredict or streamRawPredict
    {path}        the API's path without its version
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from tokentape.upstreams.upstream import Upstream

_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d*)?")
_PLAIN = re.compile(r"[A-Za-z0-9_\-/:@~]*(?:\.[A-Za-z0-9_\-:@~][A-Za-z0-9_\-/:@~]*)*")
"""Paths in which nothing needs a second look: no dot stands alone, nothing is escaped."""
_NEVER = re.compile(r"[\x00-\x20\x7f?#\\%]")
"""What no name of a model holds, and what would end the path, escape something, or be read differently."""
_PLACE = re.compile(r"\{(model|model:path|method|path)\}")
_GOOGLE = frozenset({"endpoints", "models", "projects", "publishers", "tunedModels"})
"""How names of models with slashes begin at Google."""


def url_of(
    upstream: Upstream, path: str, query: str = "", model: str = "", method: str = "", *, stream: bool = False
) -> str:
    """The URL for an API's `path` (from its version on, without a slash before), and its query.

    `model` is only looked at where it stands in the path. Raises `UsageError` for a path, or a name of a
    model, that would lead elsewhere.
    """
    path = path.lstrip("/")
    template = _template(upstream, path) if upstream.paths else None
    if template is None:
        at = _at_short if len(path) + len(model) < _SHORT else _at
        path = at(upstream.base_url, path, model)
    else:
        check_path(path)
        if ":" not in path and method == path.rpartition("/")[2]:
            method = ""  # a path without a method of its own
        path = f"{upstream.base_url.rstrip('/')}/{_filled(template, path, model, method, stream)}"
    if not (upstream.query or query):
        return path
    both = "&".join(part for part in (upstream.query, query) if part)
    return f"{path}?{both}"


def _at(base: str, path: str, model: str) -> str:
    """Below a base, without a template."""
    check_path(path, model)
    return _joined(base, path)


_SHORT = 256
_at_short = lru_cache(512)(_at)
"""Most calls go to the same few places."""


def check_path(path: str, model: str = "") -> None:
    """Raises `UsageError` for a path that means another one to some servers."""
    if _PLAIN.fullmatch(path) is None:
        plain = unquote(path, errors="surrogateescape")
        odd = any(ord(letter) < 0x20 or letter in "\x7f\\" for letter in plain)
        dots = any(part.partition(";")[0] in (".", "..") for part in plain.split("/"))
        if odd or dots or "?" in path or "#" in path or "%" in plain:
            raise UsageError(f"the path {path[:100]!r} is refused: it could lead to another one")
    if path[:6] in ("v1beta", "v1alph") and "/" in model:
        _check_google(model)


def model_segment(model: str, *, slashes: bool = False) -> str:
    """A model's name as it stands in a path, encoded. Raises `UsageError` where it would change the path.

    Amazon's identifiers (`anthropic.claude-v2:1`, ARNs) become one segment, as its SDKs encode them.
    """
    wrong = "it is empty" if not model else _wrong(model)
    if wrong is None and "/" in model and not slashes and not model.startswith("arn:"):
        wrong = "it holds '/', which is not allowed here"
    if wrong is not None:
        raise UsageError(f"the model {model[:100]!r} cannot stand in a path: {wrong}")
    return quote(model, safe="/@" if slashes else "" if model.startswith("arn:") else "@")


def _wrong(model: str) -> str | None:
    found = _NEVER.search(model)
    if found is not None:
        return f"it holds {found[0]!r}"
    if any(part in ("", ".", "..") for part in model.split("/")):
        return "a part of it is empty, '.' or '..'"
    return None


def _check_google(model: str) -> None:
    wrong = _wrong(model)
    if wrong is None and model.partition("/")[0] not in _GOOGLE:
        wrong = f"with '/' in it, it begins with one of {', '.join(sorted(_GOOGLE))}"
    if wrong is not None:
        raise UsageError(f"the model {model[:100]!r} cannot stand in a path: {wrong}")


def _joined(base: str, path: str) -> str:
    base = base.rstrip("/")
    first, _, rest = path.partition("/")
    if _VERSION.fullmatch(first) and _VERSION.fullmatch(base.rpartition("/")[2]):
        path = rest
    return f"{base}/{path}"


def _unversioned(path: str) -> str:
    first, _, rest = path.partition("/")
    return rest if _VERSION.fullmatch(first) else path


def _template(upstream: Upstream, path: str) -> str | None:
    """The template whose key is the longest that the path begins with."""
    plain = _unversioned(path)
    fitting = [key for key in upstream.paths if key in ("*", plain) or plain.startswith(f"{key}/")]
    return upstream.paths[max(fitting, key=lambda key: (key != "*", len(key)))] if fitting else None


def _filled(template: str, path: str, model: str, method: str, stream: bool) -> str:
    def value(found: re.Match[str]) -> str:
        match found[1]:
            case "model":
                return model_segment(model)
            case "model:path":
                return model_segment(model, slashes=True)
            case "method":
                return path.rpartition(":")[2] if ":" in path else method or _raw(stream)
            case _:
                return _unversioned(path)

    return _PLACE.sub(value, template).lstrip("/")


def _raw(stream: bool) -> str:
    return "streamRawPredict" if stream else "rawPredict"
