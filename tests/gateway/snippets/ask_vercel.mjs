import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";

const openai = createOpenAI({ baseURL: "http://127.0.0.1:8420/v1", apiKey: "any" });
const { text } = await generateText({ model: openai("gpt-5-mini"), prompt: "Capital of Norway?" });
console.log(text);
