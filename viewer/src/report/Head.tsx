// The first screen: what it is, the verdict in colour and words, and the gates.
import { useState } from "preact/hooks";
import type { Figures, Gate } from "../data";
import { levelSaid } from "../parts/bits";
import { moment, plural } from "../parts/format";
import { brief } from "../parts/json";
import { toggleTheme } from "../parts/theme";

export function Bar({ places }: { places: [string, string][] }) {
  const [dark, setDark] = useState(document.documentElement.dataset["theme"] === "dark");
  return (
    <nav class="bar" aria-label="Parts of the report">
      <span class="brand">tokentape</span>
      <span class="places">{places.map(([id, name]) => <a key={id} href={`#${id}`} onClick={(event) => { event.preventDefault(); document.getElementById(id)?.scrollIntoView(); }}>{name}</a>)}</span>
      <button type="button" id="theme" class="plain" aria-label={dark ? "Switch to light" : "Switch to dark"} onClick={() => setDark(toggleTheme() === "dark")}>
        {dark ? "Light" : "Dark"}
      </button>
    </nav>
  );
}

export function Head({ report }: { report: Figures }) {
  const { verdict, corpus, changes } = report;
  const [sign, word] = levelSaid(verdict.level, report.kind);
  // One line for each target; what compares the targets has its own table.
  const first = Math.max(report.targets.length, 4);
  const changed = Object.entries(changes.parameters).map(([name, value]) => `${name} = ${brief(value)}`);
  if (changes.system !== null) changed.unshift("another system prompt");
  return (
    <header id="summary">
      <p class="about">
        {report.kind === "drift" ? "Drift" : "Migration"} · {plural(corpus.chosen, "recorded call")} of {corpus.places.join(", ")}
        {corpus.where ? <> where <code>{corpus.where}</code></> : null}
        {corpus.sample ? <> · sample {corpus.sample}</> : null}
        {report.samples > 1 ? ` · ${report.samples} samples each` : ""}
        {changed.length > 0 ? <> · asked with {changed.join(", ")}</> : null}
        {" · "}{moment(report.made_at)}
      </p>
      <h1>{report.title}</h1>
      <div class={`verdict ${verdict.level}`} role="status">
        <span class="sign" aria-hidden="true">{sign}</span>
        <div>
          <p class="level">{word}</p>
          <p class="headline">{verdict.headline}</p>
          <Lines lines={verdict.lines.slice(0, first)} />
          {verdict.lines.length > first && (
            <details>
              <summary>{plural(verdict.lines.length - first, "more line", "more lines")}</summary>
              <Lines lines={verdict.lines.slice(first)} />
            </details>
          )}
        </div>
      </div>
      {report.gates.length > 0 && <Gates gates={report.gates} />}
    </header>
  );
}

function Lines({ lines }: { lines: string[] }) {
  return lines.length === 0 ? null : <ul>{lines.map((line, at) => <li key={at}>{line}</li>)}</ul>;
}

function Gates({ gates }: { gates: Gate[] }) {
  return (
    <ul class="gates" aria-label="Gates">
      {gates.map((gate) => (
        <li key={gate.gate} class={gate.passed ? "good" : "bad"}>
          <span class="outcome">{gate.passed ? "✓ passed" : "✗ failed"}</span> <code>{gate.gate}</code> <span class="why">{gate.why}</span>
        </li>
      ))}
    </ul>
  );
}
