import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: "http://127.0.0.1:8420", apiKey: "any" });
const messages = [{ role: "user", content: "Capital of Norway?" }];
const reply = await client.messages.create({ model: "claude-haiku-4-5", max_tokens: 100, messages });
console.log(reply.content[0].text);
