// JSON without loss: integers that a double cannot hold stay exact, as bigint.
export type Json = null | boolean | number | bigint | string | Json[] | { [name: string]: Json };

type Reviver = (this: unknown, name: string, value: unknown, context?: { source?: string }) => unknown;

const exact: Reviver = (_name, value, context) => {
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
};

export function parse(text: string): Json {
  return JSON.parse(text, /\d{16}/.test(text) ? exact : undefined) as Json;
}

/** The JSON in a reply: all of it, or what stands in its only Markdown fence; undefined where there is none. */
export function jsonIn(text: string): Json | undefined {
  const inner = /^\s*```[a-zA-Z]*\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)?.[1] ?? text;
  if (!/^\s*[[{]/.test(inner)) return undefined;
  try {
    return parse(inner);
  } catch {
    return undefined;
  }
}

/** Readable, with names in order where `sorted`, so that two objects differ only where their values do. */
export function pretty(value: Json, sorted = false, indent = ""): string {
  if (typeof value === "bigint") return String(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const deeper = indent + "  ";
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((item) => deeper + pretty(item, sorted, deeper)).join(",\n")}\n${indent}]`;
  }
  const names = Object.keys(value);
  if (names.length === 0) return "{}";
  if (sorted) names.sort();
  const lines = names.map((name) => `${deeper}${JSON.stringify(name)}: ${pretty(value[name] ?? null, sorted, deeper)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

/** On one line, for cells. */
export function brief(value: Json): string {
  if (typeof value === "string") return value;
  return pretty(value).replace(/\n\s*/g, " ");
}
