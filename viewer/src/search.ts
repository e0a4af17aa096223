// Full-text search: every word has to stand somewhere in the row, in any case.
import type { Listing, Row } from "./data";
import type { Rows } from "./embedded";
import { brief, parse } from "./parts/json";

function searchable(row: Row): string {
  const parts = [...row.asked, ...row.before, ...(row.after ?? [])];
  const texts = parts.map((part) => [part.text, part.name, part.arguments === undefined ? "" : brief(part.arguments), part.url]);
  const verdicts = row.verdicts.map((verdict) => [verdict.reason, verdict.flags]);
  const about = [row.id, row.cassette, row.category, row.model, row.target, row.reason, brief(row.metadata)];
  const losses = row.losses.map((loss) => [loss.path, loss.what, loss.why]);
  return [about, texts, verdicts, losses].flat(3).join("\n").toLowerCase();
}

export const wordsOf = (query: string): string[] => query.toLowerCase().split(/\s+/).filter((word) => word !== "");

/** The texts of all rows, read from their blocks at the first search and kept. */
export class Search {
  readonly #rows: Rows;
  readonly #texts: string[] = [];
  #reading: Promise<void> | undefined;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** What is known of one row: undefined before it was read. */
  matches(at: number, words: string[]): boolean | undefined {
    const text = this.#texts[at];
    return text === undefined ? undefined : words.every((word) => text.includes(word));
  }

  get isRead(): boolean {
    return this.#texts.length > 0 && this.#reading !== undefined && this.#done;
  }

  #done = false;

  /** Reads all, telling after each few blocks; the page stays usable meanwhile. */
  read(told: (share: number) => void): Promise<void> {
    this.#reading ??= this.#readAll(told);
    return this.#reading;
  }

  async #readAll(told: (share: number) => void): Promise<void> {
    const blocks = this.#rows.blockCount;
    let last = performance.now();
    for (let block = 0; block < blocks; block += 1) {
      const rows = parse(await this.#rows.text(block)) as unknown as Row[];
      const start = this.#rows.start(block);
      rows.forEach((row, at) => (this.#texts[start + at] = searchable(row)));
      if (performance.now() - last > 60) {
        told((block + 1) / blocks);
        await new Promise((resolve) => setTimeout(resolve));
        last = performance.now();
      }
    }
    this.#done = true;
    told(1);
  }
}

/** Before the rows are read: what the list itself shows. */
export function listed(listing: Listing, at: number, words: string[]): boolean {
  const text = `${listing.id[at]} ${listing.asks[at]} ${listing.says[at]}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
