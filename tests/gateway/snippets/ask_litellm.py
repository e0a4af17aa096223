from litellm import completion

reply = completion(
    model="openai/gpt-5-mini",
    api_base="http://127.0.0.1:8420/v1",
    api_key="any",
    messages=[{"role": "user", "content": "Capital of Norway?"}],
)
print(reply.choices[0].message.content)
