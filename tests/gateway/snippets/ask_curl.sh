curl http://127.0.0.1:8420/v1/chat/completions \
  -H "Content-Type: application/json" -H "Authorization: Bearer any" \
  -d '{"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Capital of Norway?"}]}'
