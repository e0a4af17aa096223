// One row: how it was judged, both answers beside each other, what was asked, what was lost.
import type { ComponentChildren } from "preact";
import type { Facts, Judged, Row } from "../data";
import { Conversation } from "../parts/Conversation";
import { count, money, moment, NOTHING, plural, score, seconds } from "../parts/format";
import { brief, type Json } from "../parts/json";
import { Replies } from "./Replies";

export function Detail({ row, heading }: { row: Row; heading: ComponentChildren }) {
  return (
    <article class="detail" aria-label={`Row ${row.id}`}>
      <header>
        {heading}
        <p class="dim">
          <code>{row.id}</code> in {row.cassette} · recorded of {row.provider}/{row.model} ({row.dialect}), {moment(row.at)}
          {row.times > 1 ? ` · ${row.times} times` : ""} {row.category && <>· <span class="chip">{row.category}</span></>}
        </p>
      </header>
      {row.reason && <p class="banner bad"><b>{row.status}</b>: {row.reason}</p>}
      <Verdicts row={row} />
      <Block title="Replies" note={`recorded (${row.model}) · ${row.target}${row.sample > 1 ? `, sample ${row.sample}` : ""}`}>
        <FactsTable row={row} />
        <Replies before={row.before} after={row.after} />
      </Block>
      <Block title="Asked" note={plural(row.asked.length, "part")}><Conversation parts={row.asked} /></Block>
      {row.losses.length > 0 && (
        <Block title="Lost in translation">
          <ul class="losses">
            {row.losses.map((loss, at) => <li key={at}><span class={`chip ${loss.severity === "meaning" ? "bad" : "warn"}`}>{loss.severity}</span> <code>{loss.path}</code> {loss.what} <span class="dim">{loss.why}</span></li>)}
          </ul>
        </Block>
      )}
      {Object.keys(row.metadata).length > 0 && (
        <Block title="Metadata">
          <dl class="metadata">{Object.entries(row.metadata).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{brief(value)}</dd></div>)}</dl>
        </Block>
      )}
    </article>
  );
}

function Block(props: { title: string; note?: string; children: ComponentChildren }) {
  return (
    <details class="block" open>
      <summary><h3>{props.title}</h3>{props.note ? <span class="note">{props.note}</span> : null}</summary>
      {props.children}
    </details>
  );
}

function Verdicts({ row }: { row: Row }) {
  if (row.verdicts.length === 0) return null;
  const [idle, telling] = [row.verdicts.filter(isIdle), row.verdicts.filter((verdict) => !isIdle(verdict))];
  return (
    <ul class="verdicts" aria-label="Verdicts">
      {telling.map((verdict) => {
        const [level, sign, word] = verdict.passed === null ? ["none", "·", "no threshold"] : verdict.passed ? ["good", "✓", "passed"] : ["bad", "✗", "failed"];
        return (
          <li key={verdict.name} class={level}>
            <p>
              <span class="sign" aria-hidden="true">{sign}</span> <b>{verdict.name}</b> <span class="points">{score(verdict.score)}</span> <span class="word">{word}</span>
              {verdict.flags.map((flag) => <span class="flag" key={flag}>⚑ {flag}</span>)} <span class="reason">{verdict.reason}</span>
            </p>
            {verdict.differences.length > 0 && <Differences verdict={verdict} />}
          </li>
        );
      })}
      {idle.length > 0 && <li class="idle">does not apply: {idle.map((verdict) => `${verdict.name} (${verdict.reason})`).join(", ")}</li>}
    </ul>
  );
}

/** Of a verdict that passed, on demand. */
function Differences({ verdict }: { verdict: Judged }) {
  const table = (
    <table class="differences" aria-label={`Differences: ${verdict.name}`}>
      <tbody>
        {verdict.differences.map((one, at) => (
          <tr key={at}>
            <th scope="row"><code>{one.path || "(all)"}</code></th>
            <td><Value value={one.before} mark="del" isAbsent={one.note === "added"} /></td>
            <td><Value value={one.after} mark="ins" isAbsent={one.note === "missing"} /></td>
            <td class="dim">{one.note}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
  if (verdict.passed !== true) return table;
  return <details><summary>{plural(verdict.differences.length, "difference")}</summary>{table}</details>;
}

/** null is a value in JSON; what is not there at all is a dash. */
function Value({ value, mark: Mark, isAbsent }: { value: Json; mark: "del" | "ins"; isAbsent: boolean }) {
  if (value === null) return <span class="dim">{isAbsent ? NOTHING : "null"}</span>;
  return <span class="cell"><Mark>{brief(value)}</Mark></span>;
}

const isIdle = (verdict: Judged): boolean => verdict.score === null && verdict.passed === null && verdict.flags.length === 0;

const FACTS: [string, (facts: Facts) => string][] = [
  ["Cost", (facts) => money(facts.usd)], ["Time", (facts) => seconds(facts.seconds)], ["First chunk", (facts) => seconds(facts.first)],
  ["Tokens in", (facts) => count(facts.tokens_in)], ["Tokens out", (facts) => count(facts.tokens_out)],
  ["Stopped", (facts) => facts.stop ?? NOTHING],
];

function FactsTable({ row }: { row: Row }) {
  const { before, after } = row.facts;
  return (
    <dl class="facts">
      {FACTS.map(([name, written]) => (
        <div key={name}><dt>{name}</dt><dd>{before ? written(before) : NOTHING} <span class="arrow">→</span> {after ? written(after) : NOTHING}</dd></div>
      ))}
    </dl>
  );
}
