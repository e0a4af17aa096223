"""Where the other translators and ours differ, who is right, and why; `case` is that of tests/protocols/cases."""

from __future__ import annotations

from typing import NamedTuple

LITELLM, ROSETTA = "litellm", "llm-rosetta"


class Difference(NamedTuple):
    """One difference. `facet` is what differs ("raised": they fail, "malformed": what they write is not of
    the dialect); "*" stands for any. `right` is "ours", "theirs" or "both" (two good ways to say it).
    """

    tool: str
    half: str
    feature: str
    facet: str
    source: str
    target: str
    right: str
    why: str

    def fits(self, found):
        """True if it is about `found`, the first six fields of a difference."""
        return all(mine in ("*", theirs) for mine, theirs in zip(self, found, strict=False))


_L, _R = LITELLM, ROSETTA
CHAT, RESPONSES, MESSAGES, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini"
CONVERSE, OLLAMA, COHERE = "bedrock.converse", "ollama", "cohere"

LISTED: tuple[Difference, ...] = tuple(
    Difference(*entry)
    for entry in (
        # ---- LiteLLM, requests
        (_L, "request", "image_url", "raised", "*", GEMINI, "both",
         "they fetch the image, and fail here where there is no network; we refuse to fetch (case 26)"),
        (_L, "request", "image_url", "raised", "*", CONVERSE, "both", "the same (case 27)"),
        (_L, "request", "image_url", "images", "*", OLLAMA, "ours",
         "they send the address where Ollama takes base64 only (case 26)"),
        (_L, "request", "document", "images", MESSAGES, OLLAMA, "ours",
         "they send a PDF as an image; we refuse what the target cannot read"),
        (_L, "request", "document", "images", MESSAGES, COHERE, "ours", "the same"),
        (_L, "request", "document", "document names", "*", "*", "ours",
         "they drop the name of the file, or make one up"),
        (_L, "request", "text", "option temperature", "*", RESPONSES, "both",
         "they drop what they know a model to refuse; we let it say so itself"),
        (_L, "request", "reasoning", "option max_output_tokens", "*", MESSAGES, "ours",
         "the model's own cap, not 4096 and the budget (cases 29, 30)"),
        (_L, "request", "reasoning", "option max_output_tokens", "*", CONVERSE, "ours",
         "Converse needs no limit, so none is made up (case 29)"),
        (_L, "request", "reasoning", "effort", "*", GEMINI, "both", "two tables of budgets (case 31)"),
        (_L, "request", "reasoning", "effort", "*", COHERE, "ours",
         "they drop thinking, which Cohere has (case 31)"),
        (_L, "request", "reasoning", "thinking", "*", COHERE, "ours", "the same"),
        (_L, "request", "reasoning", "reasoning", "*", GEMINI, "both",
         "they send thoughts of others as unsigned ones; we keep them from Gemini and say so (case 17)"),
        (_L, "request", "reasoning", "reasoning", "*", COHERE, "ours",
         "they drop thoughts, which Cohere takes back as text"),
        (_L, "request", "reasoning", "reasoning", MESSAGES, RESPONSES, "ours",
         "reasoning items that OpenAI did not make are refused by it (case 21)"),
        (_L, "request", "parallel", "results", "*", GEMINI, "both",
         "they write {\"content\": text}, we {\"result\": text}: Gemini takes any object"),
        (_L, "request", "permuted", "results", "*", GEMINI, "both", "the same"),
        (_L, "request", "tool_error", "results", "*", GEMINI, "both", "the same"),
        (_L, "request", "parallel", "results", "*", OLLAMA, "ours",
         "they drop what says which call a result is of (case 5)"),
        (_L, "request", "permuted", "results", "*", OLLAMA, "ours", "the same (case 5)"),
        (_L, "request", "tool_error", "results", "*", OLLAMA, "ours", "the same (case 5)"),
        (_L, "request", "tool_error", "tool errors", MESSAGES, "*", "ours",
         "they drop the mark of an error where the target has one"),
        (_L, "request", "structured", "output", "*", COHERE, "ours",
         "they drop the schema, which Cohere has (case 32)"),
        (_L, "request", "structured", "output name", MESSAGES, "*", "both",
         "a name of their own for a schema that has none"),
        # ---- LiteLLM, replies
        (_L, "reply", "stop_filter", "text", "*", GEMINI, "ours",
         "they drop the text that came before the filter struck (case 13)"),
        (_L, "reply", "stop_length", "stop", "*", COHERE, "ours", "they make MAX_TOKENS a normal end (case 13)"),
        (_L, "reply", "reasoning", "reasoning", "*", COHERE, "ours", "they drop the thoughts of the reply"),
        (_L, "reply", "reasoning", "usage reasoning", "*", CONVERSE, "ours",
         "they count the words of the thought themselves; absent is not told (case 36)"),
        (_L, "reply", "reasoning", "usage reasoning", MESSAGES, "*", "ours",
         "they drop a count that both dialects have (case 35)"),
        (_L, "reply", "usage", "usage reasoning", MESSAGES, "*", "ours", "the same (case 35)"),
        (_L, "reply", "usage", "usage cache_read", "*", COHERE, "ours", "the same of cached tokens (case 35)"),
        (_L, "reply", "reasoning", "opaque", RESPONSES, "*", "ours",
         "they put another maker's signature into `encrypted_content` (cases 17, 20)"),
        (
            _L,
            "reply",
            "reasoning",
            "opaque",
            MESSAGES,
            RESPONSES,
            "both",
            "they wrap OpenAI's encrypted reasoning as a signature, to get it back; ours is kept apart (case 20)",
        ),
        (_L, "reply", "stop_filter", "stop", MESSAGES, RESPONSES, "ours", "they make a filter a limit (case 13)"),
        # ---- llm-rosetta, requests
        (_R, "request", "document", "documents", "*", "*", "ours",
         "they drop files, or their media type, or send a data URL as base64"),
        (_R, "request", "document", "document names", "*", "*", "ours", "the same of the name"),
        (_R, "request", "structured", "output", "*", "*", "ours", "they drop the schema (case 32)"),
        (_R, "request", "structured", "output name", "*", "*", "ours", "the same"),
        (_R, "request", "*", "option max_output_tokens", "*", MESSAGES, "ours",
         "the model's own cap, not 4096 (case 29)"),
        (_R, "request", "reasoning", "effort", "*", "*", "ours",
         "they write efforts where the model takes budgets, and drop budgets (case 31)"),
        (_R, "request", "reasoning", "thinking", MESSAGES, "*", "ours", "the same (case 31)"),
        (_R, "request", "reasoning", "reasoning", "*", "*", "both",
         "they send thoughts of others; we keep them back and say so (cases 17, 22)"),
        (_R, "request", "reasoning", "opaque", RESPONSES, MESSAGES, "ours",
         "they send OpenAI's encrypted reasoning as Claude's signature (cases 17, 20)"),
        (_R, "request", "system", "system", RESPONSES, MESSAGES, "ours",
         "they drop the developer's text beside `instructions` (case 24)"),
        (_R, "request", "*", "tools", GEMINI, "*", "ours", "they do not read `parametersJsonSchema` (case 33)"),
        (_R, "request", "*", "results", GEMINI, "*", "ours", "they empty the results of functions (case 6)"),
        # ---- llm-rosetta, recorded requests
        (_R, "request", "recorded", "raised", "*", "*", "ours",
         "they refuse real requests: a number as text, an item without a type, an image kept at the provider"),
        (_R, "request", "recorded", "option max_output_tokens", "*", MESSAGES, "ours", "as above (case 29)"),
        (_R, "request", "recorded", "option max_output_tokens", CHAT, RESPONSES, "both",
         "Responses takes no limit below 16; we raise it to that and say so"),
        (_R, "request", "recorded", "thinking", "*", "*", "ours", "they drop OpenRouter's `reasoning` (case 31)"),
        (_R, "request", "recorded", "effort", "*", "*", "ours", "the same (case 31)"),
        (_R, "request", "recorded", "option seed", CHAT, GEMINI, "ours", "Mistral's `random_seed` is a seed"),
        (_R, "request", "recorded", "tools", CHAT, GEMINI, "ours",
         "they strip `additionalProperties`, which `parametersJsonSchema` takes (case 33)"),
        (_R, "request", "recorded", "tools", RESPONSES, "*", "ours",
         "they make OpenAI's web search a function of the caller's (case 38)"),
        (_R, "request", "recorded", "tool choice", CHAT, "*", "ours",
         "they drop a choice that comes without its `type`, as Hugging Face's router takes it"),
        (_R, "request", "recorded", "output", "*", "*", "ours", "they drop the schema (case 32)"),
        (_R, "request", "recorded", "output name", "*", "*", "ours", "the same"),
        (_R, "request", "recorded", "option user", RESPONSES, "*", "ours", "they drop `user`"),
        (_R, "request", "recorded", "reasoning", RESPONSES, "*", "both",
         "they send OpenAI's summaries to others as thoughts (case 17)"),
        (_R, "request", "recorded", "documents", GEMINI, "*", "ours", "they send a video as a document"),
        (_R, "request", "recorded", "document names", GEMINI, RESPONSES, "ours", "the same"),
        (_R, "request", "recorded", "option modalities", GEMINI, CHAT, "ours", "they drop what shall be answered with"),
        # ---- llm-rosetta, replies
        (_R, "reply", "stop_filter", "stop", "*", "*", "ours", "they make a refusal a normal end (case 13)"),
        (_R, "reply", "stop_filter", "refusal", "*", MESSAGES, "ours", "they make up the text of a refusal"),
        (_R, "reply", "stop_filter", "text", GEMINI, MESSAGES, "ours", "the same"),
        (_R, "reply", "usage", "usage input", "*", MESSAGES, "ours",
         "they leave cached tokens out of a count that includes them (case 35)"),
        (_R, "reply", "usage", "usage input", MESSAGES, "*", "ours",
         "they count cached tokens twice (case 35)"),
        (_R, "reply", "*", "usage output", GEMINI, "*", "ours", "they count thoughts twice (case 35)"),
        (_R, "reply", "*", "usage output", "*", GEMINI, "ours", "they leave thoughts out (case 35)"),
        (_R, "reply", "reasoning", "opaque", "*", "*", "ours",
         "they pass one maker's signature as another's (cases 17, 20)"),
    )
)  # fmt: skip
