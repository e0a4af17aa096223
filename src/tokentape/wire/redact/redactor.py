"""The Redactor: what leaves the process never holds a credential."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.wire.interaction import Finding
from tokentape.wire.redact import credentials, headers, metadata, payload, scan
from tokentape.wire.redact import url as urls
from tokentape.wire.redact.known import KnownValues, forms, worth_knowing
from tokentape.wire.redact.rules import compile_rules
from tokentape.wire.redact.search import Search

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.wire.interaction import Ended, Interaction, Json
    from tokentape.wire.message import Request, Response

_CREDENTIALS, _COOKIES = 512, 64
Found = list[tuple[str, str]]
"""Where (`request.headers.authorization`), and the kind of secret."""


class Redactor:
    """Hides credentials in requests, responses and whole interactions.

    `headers` and `query` add names (any case, `*` and `?` allowed), `json` field names or paths
    (`user.email`, `items[*].id`), `patterns` regular expressions. Raises UsageError naming one that
    cannot be used. `rules_text` says the rules in one line: equal text, equal redaction.

    Safe to use from several threads.
    """

    def __init__(
        self,
        headers: Iterable[str] = (),
        query: Iterable[str] = (),
        json: Iterable[str] = (),
        patterns: Iterable[str] = (),
    ) -> None:
        self._rules = compile_rules(headers, query, json, patterns)
        self.rules_text = self._rules.text
        self._known = KnownValues(_CREDENTIALS)
        self._cookies = KnownValues(_COOKIES)
        self._forms: dict[str, frozenset[bytes]] = {}

    def request(self, request: Request) -> tuple[Request, tuple[Finding, ...]]:
        """The request as it is stored and matched. Pure: it depends on the request and the rules alone.

        Credentials in the request's own auth positions are hidden everywhere in it; what other
        calls taught is not used, so that a key can be computed again from the file at any time.
        """
        found: Found = []
        secrets = {*credentials.in_headers(request.headers), *credentials.in_url(request.url)}
        changed = _request(request, Search(self._rules, self._literals(secrets)), found)
        return changed, _counted(found)

    def request_as_stored(self, request: Request) -> Request:
        """The request with everything hidden that this redactor has learnt so far, as `interaction` does."""
        return _request(request, self._search(), [])

    def know(self, secrets: Iterable[str]) -> None:
        """Hide these values from now on, though no call shows them."""
        self._known.learn(list(secrets))

    def learn(self, request: Request, response: Response | None) -> None:
        """Remember every credential in the URL and the header fields of this call."""
        self._known.learn([*credentials.in_headers(request.headers), *credentials.in_url(request.url)])
        for message in (request, response):
            if message is not None:
                self._known.learn(list(credentials.in_headers(message.headers)))
                self._cookies.learn(list(credentials.cookies(message.headers)))

    def interaction(self, interaction: Interaction) -> Interaction:
        """The interaction as it may be stored; `redacted` says what was hidden where.

        Learns from it first, credential fields of its bodies included, so that its own credentials
        are hidden wherever they turn up in it.
        """
        self.learn(interaction.request, interaction.response)
        for message in (interaction.request, interaction.response):
            if message is not None:
                self._known.learn(list(credentials.in_body(payload.plain(message)[0])))
        search, found = self._search(), Found()
        changed = replace(
            interaction,
            request=_request(interaction.request, search, found),
            response=_response(interaction.response, search, found),
            ended=_ended(interaction.ended, search, found),
            metadata=metadata.redact(interaction.metadata, search, "metadata", found),
            unknown=metadata.redact(interaction.unknown, search, "unknown", found),
            asks=_text(interaction.asks, search, "asks", found),
            reads_as=_text(interaction.reads_as, search, "reads_as", found),
        )
        return replace(changed, redacted=_merged(interaction.redacted, _counted(found))) if found else changed

    def json(self, value: Mapping[str, Json]) -> dict[str, Json]:
        """A JSON object that belongs to no call, as it may be stored."""
        return metadata.redact(value, self._search(), "", Found())

    def leaks(self, interaction: Interaction) -> tuple[Finding, ...]:
        """What the final scan still finds; not empty means: do not store this."""
        return scan.leaks(interaction, self._search())

    def _literals(self, secrets: Iterable[str]) -> tuple[bytes, ...]:
        """All forms of `secrets`, worked out once for each."""
        found: set[bytes] = set()
        for secret in secrets:
            if secret not in self._forms:
                if len(self._forms) >= _CREDENTIALS:
                    self._forms = {}
                self._forms[secret] = forms(secret) if worth_knowing(secret) else frozenset()
            found |= self._forms.get(secret, frozenset())
        return tuple(sorted(found, key=lambda form: (-len(form), form)))

    def _search(self) -> Search:
        return Search(self._rules, self._known.literals + self._cookies.literals)


def _request(request: Request, search: Search, found: Found) -> Request:
    url, kinds = urls.redact(request.url, search)
    fields, in_fields = headers.redact(request.headers, search)
    changed, hits = payload.of_request(request, search)
    found += [("request.url", kind) for kind in kinds]
    found += [(f"request.headers.{name}", kind) for name, kind in in_fields]
    found += [("request.body", hit.kind) for hit in hits]
    if hits:
        fields, _ = headers.redact(changed.headers, search)
    return replace(changed, url=url, headers=fields)


def _response(response: Response | None, search: Search, found: Found) -> Response | None:
    if response is None:
        return None
    changed, hits = payload.of_response(response, search)
    fields, in_fields = headers.redact(changed.headers, search)
    trailers, in_trailers = headers.redact(response.trailers, search)
    found += [(f"response.headers.{name}", kind) for name, kind in in_fields]
    found += [("response.body", hit.kind) for hit in hits]
    found += [(f"response.trailers.{name}", kind) for name, kind in in_trailers]
    reason = _text(response.reason, search, "response.reason", found)
    return replace(changed, headers=fields, trailers=trailers, reason=reason)


def _ended(ended: Ended, search: Search, found: Found) -> Ended:
    if ended.error is None:
        return ended
    return replace(
        ended, error=replace(ended.error, message=_text(ended.error.message, search, "ended.error", found))
    )


def _text(text: str, search: Search, place: str, found: Found) -> str:
    return metadata.redact_text(text, search, place, found)


def _counted(found: Found) -> tuple[Finding, ...]:
    return tuple(Finding(place, kind, count) for (place, kind), count in Counter(found).items())


def _merged(before: tuple[Finding, ...], new: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings of an earlier pass, and those of this one."""
    total = Counter({(finding.where, finding.kind): finding.count for finding in before})
    total.update({(finding.where, finding.kind): finding.count for finding in new})
    return tuple(Finding(place, kind, count) for (place, kind), count in total.items())
