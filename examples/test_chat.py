"""A test of code that asks a model: the marker names the cassette after the test.

Shows: the pytest marker, a cassette per test, an assertion on what the model said.
Run:   pytest examples/test_chat.py
"""

import openai
import pytest


def capital(country: str) -> str:
    """The code under test. It knows nothing of tokentape."""
    reply = openai.OpenAI().chat.completions.create(
        model="gpt-5-mini",
        messages=[
            {"role": "system", "content": "Answer with the name of the city only."},
            {"role": "user", "content": f"What is the capital of {country}?"},
        ],
    )
    return reply.choices[0].message.content or ""


@pytest.mark.tokentape
@pytest.mark.parametrize(("country", "city"), [("France", "Paris"), ("Norway", "Oslo")])
def test_capital(country: str, city: str) -> None:
    assert capital(country) == city
