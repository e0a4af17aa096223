// Asks a gateway through the Node SDKs: node client.mjs SDK TASK URL. Prints one JSON object.
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";

const [sdk, task, url] = process.argv.slice(2);
const question = [{ role: "user", content: "Capital of Norway?" }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
let sent = 0;
const counted = (...given) => {
  sent += 1;
  return fetch(...given);
};

const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test", fetch: counted });
const anthropic = new Anthropic({ baseURL: url, apiKey: "sk-test", fetch: counted });
const chatTools = [{ type: "function", function: { name: "weather", parameters } }];
const messageTools = [{ name: "weather", input_schema: parameters }];
const ask = { model: "some-model", messages: question };
const askMessage = { ...ask, max_tokens: 100 };

const tasks = {
  openai: {
    chat: async () => (await openai.chat.completions.create(ask)).choices[0].message.content,
    stream: async () => {
      const pieces = [];
      for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true }))
        pieces.push(chunk.choices[0]?.delta?.content ?? "");
      return pieces.join("");
    },
    tools: async () => {
      const made = await openai.chat.completions.create({ ...ask, tools: chatTools });
      const [call] = made.choices[0].message.tool_calls;
      const result = { role: "tool", tool_call_id: call.id, content: "4 degrees" };
      const messages = [...question, made.choices[0].message, result];
      const last = await openai.chat.completions.create({ ...ask, messages, tools: chatTools });
      return [call.function.name, last.choices[0].message.content];
    },
    responses: async () =>
      (await openai.responses.create({ model: "some-model", input: "Capital of Norway?" })).output_text,
  },
  anthropic: {
    chat: async () => (await anthropic.messages.create(askMessage)).content[0].text,
    stream: async () => anthropic.messages.stream(askMessage).finalText(),
    tools: async () => {
      const made = await anthropic.messages.create({ ...askMessage, tools: messageTools });
      const call = made.content.find((block) => block.type === "tool_use");
      const result = { type: "tool_result", tool_use_id: call.id, content: "4 degrees" };
      const messages = [...question, { role: "assistant", content: made.content }, { role: "user", content: [result] }];
      const last = await anthropic.messages.create({ ...askMessage, messages, tools: messageTools });
      return [call.name, last.content[0].text];
    },
  },
};

try {
  console.log(JSON.stringify({ said: await tasks[sdk][task](), sent }));
} catch (error) {
  console.log(JSON.stringify({ status: error.status ?? null, message: String(error.message), sent }));
}
