"""Cohere's own API: chat (v1 and v2), generate, embed, tokenize."""

from tokentape.protocols.cohere.dialect import DIALECT as DIALECT
