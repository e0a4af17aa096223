// Two texts as rows of a table with two columns: lines that belong together stand beside each other.
import { diffLines, diffWordsWithSpace } from "diff";
import { newMatcherFn } from "diff2html/lib-esm/rematch.js";

export interface Piece { text: string; marked: boolean }
export interface Pair { kind: "same" | "changed" | "removed" | "added"; left: Piece[] | null; right: Piece[] | null }

const PATIENCE = 400; // milliseconds for one comparison; after that lines stand beside each other as they come
const PAIRED = 900; // pairs of lines that are tried for the best match
const ALIKE = 0.35; // lines that share less than this are replaced: no words in them are marked

const plain = (text: string): Piece[] => [{ text, marked: false }];
const split = (text: string): string[] => text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");

export function difference(before: string, after: string): Pair[] {
  if (before === "") return beside([], split(after), true);
  if (after === "") return beside(split(before), [], true);
  const changes = diffLines(`${split(before).join("\n")}\n`, `${split(after).join("\n")}\n`, { timeout: PATIENCE });
  if (changes === undefined) return beside(split(before), split(after), false);
  const rows: Pair[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  const flush = (): void => {
    if (removed.length + added.length > 0) rows.push(...replaced(removed, added));
    removed = [];
    added = [];
  };
  for (const change of changes) {
    const lines = split(change.value);
    if (change.removed) removed.push(...lines);
    else if (change.added) added.push(...lines);
    else {
      flush();
      for (const line of lines) rows.push({ kind: "same", left: plain(line), right: plain(line) });
    }
  }
  flush();
  return rows;
}

function replaced(removed: string[], added: string[]): Pair[] {
  if (removed.length * added.length > PAIRED) return beside(removed, added, true);
  return match(removed, added).flatMap(([left = [], right = []]) => beside(left, right, true));
}

const words = (line: string): string[] => line.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** 0 for lines of the same words, 1 for none in common: shared words by all words (L. R. Dice, 1945). */
export function distance(left: string, right: string): number {
  const [ones, others] = [words(left), words(right)];
  if (ones.length + others.length === 0) return left.trim() === right.trim() ? 0 : 1;
  const left_over = new Map<string, number>();
  for (const word of ones) left_over.set(word, (left_over.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of others) {
    const more = left_over.get(word) ?? 0;
    if (more > 0) {
      shared += 1;
      left_over.set(word, more - 1);
    }
  }
  return 1 - (2 * shared) / (ones.length + others.length);
}

const match = newMatcherFn(distance);

function beside(left: string[], right: string[], marked: boolean): Pair[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) => pair(left[at], right[at], marked));
}

function pair(left: string | undefined, right: string | undefined, marked: boolean): Pair {
  if (left === undefined) return { kind: "added", left: null, right: plain(right ?? "") };
  if (right === undefined) return { kind: "removed", left: plain(left), right: null };
  const isAlike = marked && 1 - distance(left, right) >= ALIKE;
  const changes = isAlike ? diffWordsWithSpace(left, right, { timeout: PATIENCE }) : undefined;
  if (changes === undefined) return { kind: left === right ? "same" : "changed", left: plain(left), right: plain(right) };
  return {
    kind: "changed",
    left: changes.filter((change) => !change.added).map((change) => ({ text: change.value, marked: change.removed })),
    right: changes.filter((change) => !change.removed).map((change) => ({ text: change.value, marked: change.added })),
  };
}
