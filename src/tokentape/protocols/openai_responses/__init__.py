"""OpenAI Responses, and every server that speaks it."""

from tokentape.protocols.openai_responses.dialect import DIALECT as DIALECT
