// Both answers: text beside text (JSON made readable first), call beside call.
import type { Part } from "../data";
import { jsonIn, pretty } from "../parts/json";
import { PartView } from "../parts/Conversation";
import { SideBySide } from "../parts/SideBySide";

const texts = (parts: Part[]): string => parts.filter((part) => part.kind === "text" || part.kind === "refusal").map((part) => part.text ?? "").join("\n");
const calls = (parts: Part[]): Part[] => parts.filter((part) => part.kind === "call");
const others = (parts: Part[]): Part[] => parts.filter((part) => !["text", "refusal", "call"].includes(part.kind));
const written = (part: Part | undefined): string => (part?.arguments === undefined ? "" : pretty(part.arguments, true));

export function Replies({ before, after }: { before: Part[]; after: Part[] | null }) {
  if (after === null) {
    return <div class="only"><p class="dim">There is no new answer. The recorded one:</p>{before.map((part, at) => <PartView key={at} part={part} />)}</div>;
  }
  const [left, right] = [texts(before), texts(after)];
  return (
    <div class="replies">
      <div class="heads" aria-hidden="true"><span>recorded</span><span>new</span></div>
      {(left !== "" || right !== "") && <Texts before={left} after={right} />}
      {paired(calls(before), calls(after)).map(([one, other], at) => (
        <div class="callpair" key={at}>
          <div class="heads calls"><Name part={one} other={other} /><Name part={other} other={one} /></div>
          <SideBySide before={written(one)} after={written(other)} code label={`Arguments of ${(one ?? other)?.name ?? "a call"}`} />
        </div>
      ))}
      <Others before={others(before)} after={others(after)} />
    </div>
  );
}

function Texts({ before, after }: { before: string; after: string }) {
  const [left, right] = [jsonIn(before), jsonIn(after)];
  if (left !== undefined && right !== undefined) {
    return <SideBySide before={pretty(left, true)} after={pretty(right, true)} code label="Replies as JSON, recorded and new" />;
  }
  return <SideBySide before={before} after={after} label="Replies, recorded and new" />;
}

function Name({ part, other }: { part: Part | undefined; other: Part | undefined }) {
  if (part === undefined) return <span class="dim">no such call</span>;
  return <span><span class="tag">call</span> <code class={part.name === other?.name ? "" : "differs"}>{part.name}</code></span>;
}

/** Calls of the same tool belong together, in order; the rest stands alone. */
function paired(before: Part[], after: Part[]): [Part | undefined, Part | undefined][] {
  const rest = [...after];
  const pairs = before.map((call): [Part | undefined, Part | undefined] => {
    const at = rest.findIndex((other) => other.name === call.name);
    return [call, at < 0 ? undefined : rest.splice(at, 1)[0]];
  });
  return [...pairs, ...rest.map((call): [Part | undefined, Part | undefined] => [undefined, call])];
}

function Others({ before, after }: { before: Part[]; after: Part[] }) {
  if (before.length + after.length === 0) return null;
  return (
    <div class="others">
      <div>{before.map((part, at) => <PartView key={at} part={part} />)}</div>
      <div>{after.map((part, at) => <PartView key={at} part={part} />)}</div>
    </div>
  );
}
