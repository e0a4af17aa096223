// What the reader chose: filters, order, search and the open row. It lives in the URL's hash, so a link shows the same.
import type { Listing, Num } from "../data";

export interface Choice {
  target: string; failed: string; category: string; model: string; status: string; flagged: boolean; sort: Sort;
  query: string; row: string;
}
export type Sort = "worst" | "cost" | "slower" | "longer" | "recorded";

export const SORTS: Record<Sort, string> = {
  worst: "worst first", cost: "most expensive first", slower: "slowest first", longer: "longest answer first",
  recorded: "by recording",
};
export const NO_CHOICE: Choice = {
  target: "", failed: "", category: "", model: "", status: "", flagged: false, sort: "worst", query: "", row: "",
};
const SHORT: Record<keyof Choice, string> = {
  target: "target", failed: "failed", category: "category", model: "model", status: "status", flagged: "flagged",
  sort: "sort", query: "q", row: "row",
};

/** A category may be "", so what was chosen stands with a sign before it. */
export const EMPTY = "\u2205";

export function readHash(hash: string): Choice {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (name: keyof Choice): string => given.get(SHORT[name]) ?? "";
  const sort = text("sort");
  return {
    target: text("target"), failed: text("failed"), category: text("category"), model: text("model"),
    status: text("status"), flagged: text("flagged") === "yes", sort: Object.hasOwn(SORTS, sort) ? (sort as Sort) : "worst",
    query: text("query"), row: text("row"),
  };
}

export function writeHash(choice: Choice): string {
  const given = new URLSearchParams();
  for (const name of Object.keys(SHORT) as (keyof Choice)[]) {
    const value = choice[name];
    if (value !== NO_CHOICE[name]) given.set(SHORT[name], value === true ? "yes" : String(value));
  }
  return given.size === 0 ? "" : `#${given.toString()}`;
}

export const isNarrowed = (choice: Choice): boolean =>
  (["target", "failed", "category", "model", "status", "flagged", "query"] as const).some(
    (name) => choice[name] !== NO_CHOICE[name],
  );

/** How links name the rows. Ids may come twice, from two cassettes: then they are counted. */
export function rowNames(listing: Listing): string[] {
  const seen = new Map<string, number>();
  return listing.id.map((id, at) => {
    const name = `${id}~${listing.names.target[listing.target[at] ?? 0]}~${listing.sample[at]}`;
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}~${times}`;
  });
}

export const named = (value: string): string => (value === "" ? EMPTY : value);

/** The numbers of the rows that the filters leave, in the chosen order; the search comes after. */
export function filtered(listing: Listing, choice: Choice): number[] {
  const tests: ((at: number) => boolean)[] = [];
  for (const name of ["target", "category", "model", "status"] as const) {
    if (choice[name] === "") continue;
    const wanted = listing.names[name].findIndex((value) => named(value) === choice[name]);
    tests.push((at) => listing[name][at] === wanted);
  }
  if (choice.failed !== "") tests.push(failing(listing, choice.failed));
  if (choice.flagged) tests.push((at) => (listing.flags[at] ?? 0) > 0);
  const left: number[] = [];
  for (let at = 0; at < listing.count; at += 1) if (tests.every((test) => test(at))) left.push(at);
  return ordered(listing, left, choice.sort);
}

function failing(listing: Listing, comparator: string): (at: number) => boolean {
  const of = listing.verdicts.filter((verdict) => comparator === "any" || verdict.name === comparator);
  return (at) => of.some((verdict) => verdict.passed[at] === "f");
}

function ordered(listing: Listing, rows: number[], sort: Sort): number[] {
  if (sort === "worst") return rows;
  if (sort === "recorded") {
    return rows.sort((one, other) => (listing.id[one] ?? "").localeCompare(listing.id[other] ?? "") || one - other);
  }
  const column: Num[] = { cost: listing.usd_after, slower: listing.seconds_after, longer: listing.tokens_out_after }[sort];
  // Unknown comes last.
  return rows.sort((one, other) => (column[other] ?? -1) - (column[one] ?? -1) || one - other);
}
