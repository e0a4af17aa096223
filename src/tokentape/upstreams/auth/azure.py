"""Tokens of Microsoft Entra: for an application and its secret, or for the identity of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from tokentape.upstreams.auth.token_server import asked_for_token, posted
from tokentape.upstreams.upstream import AuthFailed
from tokentape.wire.message import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.upstreams.auth.tokens import Token
    from tokentape.upstreams.sending import Sender
    from tokentape.upstreams.upstream import Secret

AUTHORITY = "https://login.microsoftonline.com"
RESOURCE = "https://cognitiveservices.azure.com"
MACHINE = "http://169.254.169.254/metadata/identity/oauth2/token"
"""Where a virtual machine asks for the tokens of its identity."""


@dataclass(frozen=True, slots=True)
class AzureApplication:
    """The client credentials flow: an application's id, and its secret as the credential's."""

    sender: Sender | None
    tenant: str
    client_id: str
    secret: Secret | None = None
    """Used where the credential has none."""
    authority: str = AUTHORITY
    scope: str = f"{RESOURCE}/.default"

    async def fetch(self, secret: Secret | None) -> Token:
        """A new token. Raises `AuthFailed`."""
        own = secret or self.secret
        if own is None:
            raise AuthFailed("azure: no client secret; set a credential, or AZURE_CLIENT_SECRET")
        fields = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": own.reveal(),
            "scope": self.scope,
        }
        url = f"{self.authority.rstrip('/')}/{quote(self.tenant, safe='')}/oauth2/v2.0/token"
        return await asked_for_token(self.sender, posted(url, fields), f"azure: {self.client_id}")


@dataclass(frozen=True, slots=True)
class AzureIdentity:
    """The identity that a machine, an app service or a container has by itself. `client_id` tells which of
    several.
    """

    sender: Sender | None
    environment: Mapping[str, str]
    client_id: str | None = None
    endpoint: str = MACHINE
    resource: str = RESOURCE

    async def fetch(self, secret: Secret | None) -> Token:
        """A new token. Raises `AuthFailed`."""
        endpoint, header = self.environment.get("IDENTITY_ENDPOINT"), self.environment.get("IDENTITY_HEADER")
        fields = {"resource": self.resource}
        if self.client_id is not None:
            fields["client_id"] = self.client_id
        if endpoint and header:  # an app service says where, and shows that it is one
            fields["api-version"], shown = "2019-08-01", ("X-IDENTITY-HEADER", header)
        else:
            endpoint, fields["api-version"], shown = self.endpoint, "2018-02-01", ("Metadata", "true")
        headers = (shown, ("Accept-Encoding", "identity"))
        request = Request("GET", f"{endpoint}?{urlencode(fields)}", headers)
        return await asked_for_token(self.sender, request, "azure: the machine's identity")
