// What a model was asked, or answered: messages in order, with tools, images and folded reasoning. All of it is text.
import type { Part } from "../data";
import { bytes, count } from "./format";
import { brief, jsonIn, pretty } from "./json";

const ROLES: Record<string, string> = { system: "System", user: "User", assistant: "Assistant", tool: "Tool" };
const LONG = 1200;

interface Message { role: string; parts: Part[] }

function messages(parts: Part[]): Message[] {
  const all: Message[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (last !== undefined && last.role === part.role && part.kind !== "result") last.parts.push(part);
    else all.push({ role: part.role, parts: [part] });
  }
  return all;
}

/** The messages; all but the last `open` and the system's words are folded. */
export function Conversation({ parts, open = 2 }: { parts: Part[]; open?: number }) {
  const all = messages(parts);
  return (
    <ol class="conversation">
      {all.map((message, at) => (
        <li key={at} class={`message ${message.role}`}>
          <details open={at >= all.length - open}>
            <summary>
              <span class="role">{ROLES[message.role] ?? message.role}</span>
              <span class="gist">{gist(message)}</span>
            </summary>
            {message.parts.map((part, place) => <PartView key={place} part={part} />)}
          </details>
        </li>
      ))}
    </ol>
  );
}

function gist(message: Message): string {
  return message.parts.map(words).join(" ").slice(0, 200);
}

function words(part: Part): string {
  if (part.kind === "call") return `${part.name ?? "tool"}(${part.arguments === undefined ? "" : brief(part.arguments)})`;
  if (part.kind === "media") return `[${part.media ?? "file"}]`;
  return part.text ?? "";
}

export function PartView({ part }: { part: Part }) {
  switch (part.kind) {
    case "call":
      return <Call part={part} />;
    case "result":
      return (
        <figure class="part result">
          <figcaption>result{part.name ? ` of ${part.name}` : ""}</figcaption>
          <Words part={part} code />
        </figure>
      );
    case "reasoning":
      return (
        <details class="part reasoning">
          <summary>Reasoning <span class="dim">{part.text ? `${count(part.text.length)} characters` : "hidden"}</span></summary>
          <Words part={part} />
        </details>
      );
    case "media":
      return <Media part={part} />;
    case "refusal":
      return <div class="part refusal"><span class="tag">refusal</span> <Words part={part} /></div>;
    default:
      return <Words part={part} />;
  }
}

export function Call({ part }: { part: Part }) {
  return (
    <figure class="part call">
      <figcaption><span class="tag">call</span> <code>{part.name}</code></figcaption>
      {part.arguments !== undefined && <pre>{pretty(part.arguments)}</pre>}
    </figure>
  );
}

/** Text as it is, JSON made readable; the rest of a long one on demand. */
function Words({ part, code = false }: { part: Part; code?: boolean }) {
  const text = part.text ?? "";
  const json = jsonIn(text);
  const shown = json === undefined ? text : pretty(json);
  const Element = json !== undefined || code ? "pre" : "p";
  return (
    <>
      {shown.length > LONG ? (
        <details class="long">
          <summary><Element class="words">{shown.slice(0, LONG)}…</Element><span class="more">all {count(shown.length)} characters</span></summary>
          <Element class="words">{shown}</Element>
        </details>
      ) : (
        <Element class="words">{shown}</Element>
      )}
      {part.cut ? <p class="dim">{count(part.cut)} characters were left out of this page.</p> : null}
    </>
  );
}

const IMAGE = /^image\/(png|jpeg|gif|webp)$/;

/** An image that the page holds is shown; nothing is ever fetched. */
function Media({ part }: { part: Part }) {
  const about = [part.media ?? "file", part.type, part.bytes === undefined ? "" : bytes(part.bytes), part.url]
    .filter(Boolean).join(" · ");
  const isShown = part.data !== undefined && part.media === "image" && IMAGE.test(part.type ?? "");
  return (
    <figure class="part media">
      {isShown && <img alt={`the ${part.role}'s image`} src={`data:${part.type};base64,${part.data}`} />}
      <figcaption>{about}</figcaption>
    </figure>
  );
}
