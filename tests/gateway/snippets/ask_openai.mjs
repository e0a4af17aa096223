import OpenAI from "openai";

const client = new OpenAI({ baseURL: "http://127.0.0.1:8420/v1", apiKey: "any" });
const reply = await client.responses.create({ model: "gpt-5-mini", input: "Capital of Norway?" });
console.log(reply.output_text);
