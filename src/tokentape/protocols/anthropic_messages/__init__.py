"""Anthropic Messages: direct, through Vertex, and through compatible servers."""

from tokentape.protocols.anthropic_messages.dialect import DIALECT as DIALECT
