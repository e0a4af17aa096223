// The shapes of a report's JSON, as docs/reference/viewer.md names them. null is "not known", never 0.
import type { Json } from "./parts/json";

export type Num = number | null;
export interface Estimate { value: Num; low: Num; high: Num }
export interface Histogram { edges: number[]; counts: number[]; above: number }
export interface Summary {
  count: number; missing: number; mean: Num; deviation: Num; lowest: Num; highest: Num;
  median: Estimate; p95: Estimate; histogram: Histogram;
}
export interface Compared {
  before: Num; after: Num; difference: Estimate; p: Num; p_corrected: Num; differ: number; detectable: Num; matters: Num;
  needed: Num; standing: string; sentence: string;
}
export interface Sides { before: Num; after: Num; ratio: Num; rows: number; missing: number; compared?: Compared | null }
export interface Rate {
  name: string; rows: number; passed: number; failed: number; unjudged: number; rate: Estimate; sentence: string;
}
export interface Comparator extends Rate { scores: Summary | null; flags: [string, number][] }
export interface BeforeAfter { before: Num; after: Num }
export interface Group {
  name: string; rows: number; comparators: Rate[]; tokens_out: BeforeAfter; cost: BeforeAfter; seconds: BeforeAfter;
}
export type Level = "good" | "bad" | "mixed" | "unsure" | "none";
export interface Verdict { level: Level; headline: string; lines: string[] }
export type Measure = "cost" | "seconds" | "first" | "tokens_out";
export interface Target {
  name: string; verdict: Verdict;
  outcomes: { answered: number; skipped: number; unanswered: number; left: number };
  reasons: [string, string, number][]; losses: [string, string, string, number][];
  comparators: Comparator[];
  cost: Sides; unpriced: [string, number][]; tokens_in: Sides; tokens_out: Sides; seconds: Sides; first: Sides;
  distributions: Partial<Record<Measure, { before: Summary | null; after: Summary | null }>>;
  categories: Group[]; models: Group[];
}
/** True if the rows of a comparator pass or fail; without a threshold there are only scores. */
export const isJudged = (targets: Target[], name: string): boolean =>
  targets.some((target) => target.comparators.some((rate) => rate.name === name && rate.rate.value !== null));
export interface Between extends Compared { one: string; other: string; comparator: string }
export interface Drifted extends Compared { target: string; comparator: string; changed: number }
export interface Gate { gate: string; passed: boolean; why: string }
export interface Figures {
  tokentape_report: number; tokentape: string; made_at: string; title: string; kind: "migration" | "drift";
  corpus: {
    places: string[]; where: string | null; sample: string | null; interactions: number; rows: number;
    matching: number; calls: number; usable: number; chosen: number; clusters: number;
    reasons: [string, number][]; passed_over: [string, number][]; unreadable: string[];
  };
  changes: { system: string | null; parameters: Record<string, Json> };
  samples: number; compare: string[]; prices: { source: string; date: string };
  verdict: Verdict; targets: Target[]; between: Between[];
  baseline: null | {
    made_at: string; title: string; comparisons: (Compared & { target: string; comparator: string })[];
    only_now: number; only_then: number;
  };
  drift?: null | { comparisons: Drifted[]; noise: [string, Rate[]][] };
  gates: Gate[]; rows_left_out?: number;
}

export interface Part {
  role: string; kind: string; text?: string; name?: string; arguments?: Json; media?: string; type?: string;
  bytes?: number; data?: string; url?: string; cut?: number;
}
export interface Facts { seconds: Num; first: Num; tokens_in: Num; tokens_out: Num; usd: Num; stop: string | null }
export interface Judged {
  name: string; score: Num; passed: boolean | null; reason: string;
  differences: { path: string; before: Json; after: Json; note: string }[]; flags: string[];
}
export interface Row {
  id: string; cassette: string; same: string; cluster: string; times: number; at: string | null; category: string;
  model: string; provider: string; dialect: string; target: string; sample: number; status: string; reason: string;
  metadata: Record<string, Json>; asked: Part[]; before: Part[]; after: Part[] | null;
  facts: { before: Facts | null; after: Facts | null }; verdicts: Judged[];
  losses: { path: string; what: string; why: string; severity: string }[]; badness: Num;
}

export interface Listing {
  count: number;
  names: { target: string[]; status: string[]; category: string[]; model: string[] };
  target: number[]; status: number[]; category: number[]; model: number[];
  id: string[]; sample: number[]; badness: Num[]; losses: number[]; flags: number[];
  asks: string[]; says: string[];
  usd_before: Num[]; usd_after: Num[]; seconds_before: Num[]; seconds_after: Num[];
  tokens_out_before: Num[]; tokens_out_after: Num[];
  verdicts: { name: string; passed: string; score: Num[] }[];
}
