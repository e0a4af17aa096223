"""OpenAI Chat Completions, and every server that speaks it."""

from tokentape.protocols.openai_chat.dialect import DIALECT as DIALECT
