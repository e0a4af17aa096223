"""Gemini: the Developer API and Vertex AI."""

from tokentape.protocols.gemini.dialect import DIALECT as DIALECT
