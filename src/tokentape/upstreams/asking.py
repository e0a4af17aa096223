"""One request to an upstream: signed, sent, and once more where a token had to be renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.upstreams.auth.bare import bare
from tokentape.upstreams.hiding import discreet

if TYPE_CHECKING:
    from tokentape.upstreams.sending import Sender, Sent
    from tokentape.upstreams.upstream import Credential, Upstream
    from tokentape.wire.message import Request


async def ask(sender: Sender, upstream: Upstream, credential: Credential, request: Request) -> Sent:
    """The reply's head; an error that quotes the key does so no more. Raises `AuthFailed` where no token can
    be had, and `SendFailed`.

    A 401 to a token that can be renewed is no answer: it may have run out a moment ago.
    """
    if upstream.cassette is not None:  # nothing is proven to it, and nobody is asked for a token
        return await sender.send(bare(request), upstream.times)
    secret = credential.secret
    said = secret.reveal() if secret is not None else None
    sent = await sender.send(await upstream.auth.signed(request, secret), upstream.times)
    if sent.status != 401:
        return sent if sent.status < 400 else discreet(sent, said)
    try:
        renewed = await upstream.auth.refused(secret)
    except BaseException:
        sent.close()
        raise
    if not renewed:
        return discreet(sent, said)
    sent.close()
    return discreet(await sender.send(await upstream.auth.signed(request, secret), upstream.times), said)
