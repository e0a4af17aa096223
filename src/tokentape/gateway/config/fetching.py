"""The table of media that is fetched."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from tokentape.gateway.config.values import Bytes, Number, Port, Positive, Table, Texts, as_tuple
from tokentape.upstreams.destinations import FetchOptions

_FETCH = FetchOptions()


class FetchTable(Table):
    """`[fetch]`: media that requests name by URL, where an upstream wants the bytes themselves."""

    allow: Texts = Field(
        default=_FETCH.allow, description="names (`*.example.com`) and networks (`10.1.0.0/16`) of your own"
    )
    ports: Annotated[tuple[Port, ...], BeforeValidator(as_tuple)] = Field(
        default=_FETCH.ports, description="ports beyond 80 and 443"
    )
    most: Bytes = Field(default=_FETCH.most, description="the longest thing that is fetched")
    total: Bytes = Field(default=_FETCH.total, description="all things of one request")
    count: Number = Field(default=_FETCH.count, description="how many things one request may show; 0: none")
    seconds: Positive = Field(default=_FETCH.seconds, description="what one of them may take")
    redirects: Number = Field(
        default=_FETCH.redirects, description="redirects that are followed, each judged anew"
    )
    types: Texts = Field(default=_FETCH.types, description="media types, with `*` after the slash for all")
