// What the page holds: figures and the list of rows at once, rows when they are looked at.
import type { Figures, Listing, Row } from "./data";
import { parse } from "./parts/json";

function textOf(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

/** Browsers since 2023 have it. */
export const isOldBrowser = (): boolean => typeof DecompressionStream === "undefined";

async function unpacked(id: string): Promise<string> {
  const letters = atob(textOf(id));
  const data = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) data[at] = letters.charCodeAt(at);
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

export function figures(): Figures {
  return JSON.parse(textOf("tokentape-figures")) as Figures;
}

export async function listing(): Promise<Listing> {
  return JSON.parse(await unpacked("tokentape-listing")) as Listing;
}

export interface Places { blocks: number[]; left_out: number }

/** Rows by their number. Blocks that were looked at last are kept. */
export class Rows {
  readonly leftOut: number;
  readonly #starts: number[];
  readonly #kept = new Map<number, Promise<Row[]>>();

  constructor() {
    const places = JSON.parse(textOf("tokentape-rows")) as Places;
    this.#starts = places.blocks;
    this.leftOut = places.left_out;
  }

  get blockCount(): number {
    return this.#starts.length;
  }

  start(block: number): number {
    return this.#starts[block] ?? 0;
  }

  async row(at: number): Promise<Row | undefined> {
    const block = this.#starts.findLastIndex((start) => start <= at);
    const rows = await this.#block(block);
    return rows[at - this.start(block)];
  }

  /** A block's text in JSON, without keeping it. */
  text(block: number): Promise<string> {
    return unpacked(`tokentape-block-${block}`);
  }

  #block(block: number): Promise<Row[]> {
    const known = this.#kept.get(block);
    if (known !== undefined) return known;
    const rows = this.text(block).then((text) => parse(text) as unknown as Row[]);
    this.#kept.set(block, rows);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > 8 && oldest !== undefined) this.#kept.delete(oldest);
    return rows;
  }
}
