"""An agent that calls tools until it can answer.

Shows: a decorated function; a loop of calls in which each request holds the replies before it.
Run:   python examples/agent.py
"""

import json
import os
from pathlib import Path

import openai

import tokentape

CASSETTE = Path(__file__).parent / "cassettes" / "agent.json"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city today.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
WEATHER = {"Oslo": "rain, 7 degrees", "Rome": "sun, 24 degrees"}


@tokentape.use_cassette(CASSETTE)
def run(question: str) -> str:
    """Ask, do what the model wants done, ask again, until it answers with text."""
    client = openai.OpenAI(api_key=os.environ.get("OPENAI_API_KEY", "not-needed-to-replay"))
    messages: list[object] = [{"role": "user", "content": question}]
    while True:
        reply = client.chat.completions.create(model="gpt-5-mini", messages=messages, tools=[TOOL])
        message = reply.choices[0].message
        if not message.tool_calls:
            return message.content or ""
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            city = json.loads(call.function.arguments)["city"]
            print(f"tool: get_weather({city})")
            messages.append({"role": "tool", "tool_call_id": call.id, "content": WEATHER[city]})


if __name__ == "__main__":
    print(run("Do I need an umbrella in Oslo or in Rome?"))
