"""A flight recorder for LLM traffic."""
