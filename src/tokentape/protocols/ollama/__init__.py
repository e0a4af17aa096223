"""Ollama's own API: chat, generate, embed."""

from tokentape.protocols.ollama.dialect import DIALECT as DIALECT
