"""Which names announce a credential: header fields, query parameters, JSON and form fields.

A name is read as words (`X-Goog-Api-Key`, `SecretAccessKey`, `OPENAI_API_KEY`). Three grades, since
a wrong hit destroys replay data: STRONG names are redacted whatever the value is, WEAK ones only
when the value looks random (`token` is also a word of a log-probability list, `key` a map key).
Counts (`max_tokens`), cursors (`next_page_token`, `nextToken`), special tokens of a tokenizer
(`eos_token`), cache and idempotency keys, and signatures of reasoning blocks are no credentials.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from tokentape.wire.redact.vocabulary import vocabulary


class Grade(IntEnum):
    """How sure a name is."""

    NONE = 0
    WEAK = 1
    STRONG = 2


_WORD_RE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_ALONE = vocabulary(
    "authorization authtoken apikey apitoken apisecret accesstoken accesskey refreshtoken idtoken"
    " secret secrets secretkey privatekey password passwd passphrase userpass credential credentials"
    " cookie cookies clientsecret bearer sessiontoken awsaccesskeyid secretaccesskey"
)
"""Last words that settle it, whatever stands before them."""

_ENDINGS = ("password", "apikey", "secret", "accesstoken", "authtoken", "secretkey")
"""The same for names written without a break: `openaiapikey`."""

_KEY_OF = vocabulary(
    "api secret private access subscription auth signing encryption master account service admin"
    " session webhook shared ssh sas storage client app application openai anthropic google gemini"
    " azure aws mistral cohere groq together fireworks huggingface hf voyage xai deepseek openrouter"
    " provider virtual llm user bot license licence deploy server security symmetric"
)
_KEY_NOT = vocabulary(
    "public cache primary foreign sort partition idempotency object dedup deduplication group row"
    " index lookup map dict json routing safety prompt surrogate websocket hot shortcut translation"
    " issue join order unique composite message config env property metadata item label"
)
_TOKEN_OF = vocabulary(
    "access refresh id auth session csrf xsrf bearer security api secret client private personal"
    " oauth jwt user bot device service account deploy push registration web identity ephemeral"
    " github gitlab hf huggingface slack discord telegram admin login sas verification reset app"
)
_TOKEN_NOT = vocabulary(
    "page next continuation continue sync cursor eos bos pad unk unknown mask cls sep special stop"
    " start end first last max min prev previous delta change resume pagination request idempotency"
    " image audio video text think thinking fim prefix suffix middle word per input output"
)
_SIGNATURE_NOT = vocabulary("thought thinking reasoning function method type call email think schema tool")
_WEAK_ALONE = vocabulary("key token signature sig auth pwd jwt")

_HEADER_WORDS = vocabulary(
    "key keys token secret password passwd credential credentials signature auth authorization apikey"
    " cookie cookies cookie2 bearer jwt passphrase accesstoken"
)
_HEADER_NOT = vocabulary(
    "ratelimit limit remaining reset count tokens cache surrogate idempotency websocket authenticate"
    " allow expose control input output usage vary retry public status reason message time per"
)
_ORGANIZATION = vocabulary("organization organisation project org")
_COOKIES = frozenset({"cookie", "set-cookie", "cookie2", "set-cookie2"})


def words(name: str) -> list[str]:
    """The words of a name, in lower case."""
    return [word.lower() for word in _WORD_RE.findall(name)]


@lru_cache(maxsize=4096)
def field_grade(name: str) -> Grade:
    """The grade of a JSON or form field, or of a name in running text."""
    parts = words(name)
    if not parts:
        return Grade.NONE
    if parts[-3:] == ["access", "key", "id"]:
        return Grade.STRONG
    last, before = parts[-1], parts[:-1]
    if last in _ALONE or last.endswith(_ENDINGS):
        return Grade.STRONG
    if last == "keys":
        return Grade.STRONG if before and before[-1] in _KEY_OF else Grade.NONE
    return _grade_by_company(last, frozenset(before))


def _grade_by_company(last: str, before: frozenset[str]) -> Grade:
    """`api_key` and `cache_key`, `access_token` and `page_token`: the words before decide."""
    if last not in _WEAK_ALONE:
        return Grade.NONE
    sure, never = {
        "key": (_KEY_OF, _KEY_NOT),
        "token": (_TOKEN_OF, _TOKEN_NOT),
        "signature": (frozenset({"amz", "goog", "hub", "webhook", "svix", "request"}), _SIGNATURE_NOT),
    }.get(last, (frozenset(), frozenset()))
    if before & never:
        return Grade.NONE
    return Grade.STRONG if before & sure else Grade.WEAK


@lru_cache(maxsize=4096)
def is_query_credential(name: str) -> bool:
    """True for `key`, `api_key`, `access_token`, `sig`, `X-Amz-Signature` and their like."""
    return field_grade(name) is not Grade.NONE


@lru_cache(maxsize=4096)
def header_kind(name: str) -> str | None:
    """`credential`, `cookie`, `session` or `organization`; None for a field that is no secret by name."""
    lower = name.lower()
    if lower in _COOKIES:
        return "cookie"
    parts = frozenset(words(lower))
    if parts & _HEADER_NOT:
        return None
    if parts & _HEADER_WORDS or any(part.endswith(_ENDINGS) for part in parts):
        return "credential"
    if {"amzn", "session"} <= parts:
        return "session"
    return "organization" if parts & _ORGANIZATION else None
