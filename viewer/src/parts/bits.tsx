// Small things that every page needs.
import type { ComponentChildren } from "preact";
import type { Estimate, Level, Num } from "../data";
import { interval, percent } from "./format";

/** Sign and word: a level is read without its colour. */
const LEVELS: Record<Level, [string, string]> = {
  good: ["✓", "Good"], bad: ["✗", "Breaks"], mixed: ["≠", "Mixed"], unsure: ["?", "Not sure"], none: ["–", "Nothing to judge"],
};

const DRIFT: Partial<Record<Level, [string, string]>> = { good: ["✓", "Steady"], bad: ["✗", "Drifted"] };

/** A model that is asked again does not break anything: it drifts, or it does not. */
export const levelSaid = (level: Level, kind: string): [string, string] => (kind === "drift" ? DRIFT[level] : undefined) ?? LEVELS[level];

export function Badge({ level, kind }: { level: Level; kind: string }) {
  const [sign, word] = levelSaid(level, kind);
  return <span class={`badge ${level}`}><span aria-hidden="true">{sign}</span> {word}</span>;
}

export function Section(props: { id: string; title: string; note?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section id={props.id} aria-labelledby={`${props.id}-title`}>
      <h2 id={`${props.id}-title`}>{props.title}{props.note ? <span class="note">{props.note}</span> : null}</h2>
      {props.children}
    </section>
  );
}

/** A share with its interval, drawn from 0 to 1. */
export function RateBar({ rate }: { rate: Estimate }) {
  const { value, low, high } = rate;
  if (value === null) return null;
  const [from, to] = [low ?? value, high ?? value];
  return (
    <span class="ratebar" aria-hidden="true" title={`95 % interval: ${interval(rate, percent)}`}>
      <span class="fill" style={{ width: `${value * 100}%` }} />
      <span class="range" style={{ left: `${from * 100}%`, width: `${Math.max(0, to - from) * 100}%` }} />
      <span class="mark" style={{ left: `${value * 100}%` }} />
    </span>
  );
}

/** "0.42 → 0.31" with how many times as much it is. */
export function Change(props: { before: Num; after: Num; written: (value: Num) => string; ratio?: Num; sign?: string }) {
  const { before, after, written } = props;
  const times = props.ratio ?? (before !== null && after !== null && before > 0 ? after / before : null);
  return (
    <span class="change">
      <span class="before">{written(before)}</span> <span class="arrow" aria-label="to">→</span> <span class="after">{written(after)}</span>
      {times !== null && <Times value={times} />}
    </span>
  );
}

/** More than a tenth up or down has a colour and a sign. */
export function Times({ value }: { value: number }) {
  const way = value > 1.1 ? "more" : value < 0.9 ? "less" : "even";
  const sign = { more: "▲", less: "▼", even: "" }[way];
  return <span class={`times ${way}`}>{sign && <span aria-hidden="true">{sign}</span>} {value >= 100 ? value.toFixed(0) : value.toFixed(2)}×</span>;
}

/** One of a few: nothing to choose, nothing shown. */
export function Choose(props: { label: string; names: string[]; chosen: number; onChoose: (place: number) => void }) {
  if (props.names.length < 2) return null;
  return (
    <div class="choose" role="group" aria-label={props.label}>
      {props.names.map((name, at) => (
        <button key={name} type="button" aria-pressed={at === props.chosen} onClick={() => props.onChoose(at)}>{name}</button>
      ))}
    </div>
  );
}
