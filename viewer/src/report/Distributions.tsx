// Score, cost, time and tokens as they are spread: the recorded answers filled, each target a line.
import { useMemo } from "preact/hooks";
import type { Figures, Histogram, Measure, Num, Target } from "../data";
import { Section } from "../parts/bits";
import { Distribution, type Series } from "../parts/Chart";
import { count, money, score, seconds } from "../parts/format";

const MEASURES: [Measure, string, (value: Num) => string][] = [
  ["cost", "Cost of a call", money], ["seconds", "Time of a call", seconds], ["first", "Time to the first chunk", seconds],
  ["tokens_out", "Tokens out", count],
];
const LINES = 6;
export const lineColor = (at: number): string => `--line-${(at % LINES) + 1}`;

interface Shown { title: string; series: Series[]; written: (value: Num) => string }

const isThere = (histogram: Histogram | undefined): histogram is Histogram => histogram !== undefined && histogram.counts.length > 0;

/** Targets may have answered different rows; the recorded side is drawn of the one that answered most. */
function measured(targets: Target[], measure: Measure): Series[] {
  const recorded = targets.map((target) => target.distributions[measure]?.before)
    .reduce((most, one) => ((one?.count ?? 0) > (most?.count ?? 0) ? one : most), undefined);
  const before = recorded?.histogram;
  return [
    ...(isThere(before) ? [{ name: "recorded", color: "--dim", filled: true, histogram: before }] : []),
    ...lines(targets, (target) => target.distributions[measure]?.after?.histogram),
  ];
}

function lines(targets: Target[], of: (target: Target) => Histogram | undefined): Series[] {
  return targets.flatMap((target, at) => {
    const histogram = of(target);
    return isThere(histogram) ? [{ name: target.name, color: lineColor(at), filled: false, histogram }] : [];
  });
}

function charts({ targets, compare }: Figures): Shown[] {
  const scores = compare.map((name) => ({
    title: `Score: ${name}`, written: score,
    series: lines(targets, (target) => target.comparators.find((one) => one.name === name)?.scores?.histogram),
  }));
  const measures = MEASURES.map(([measure, title, written]) => ({ title, written, series: measured(targets, measure) }));
  return [...scores, ...measures].filter((chart) => chart.series.length > 0);
}

export function Distributions({ report }: { report: Figures }) {
  const all = useMemo(() => charts(report), [report]);
  if (all.length === 0) return null;
  return (
    <Section id="distributions" title="Distributions" note="height: share of rows; point at a chart to read it">
      <ul class="legend">
        <li><span class="key recorded" /> recorded</li>
        {report.targets.map((target, at) => <li key={target.name}><span class={`key line-${(at % LINES) + 1}`} /> {target.name}</li>)}
      </ul>
      <div class="charts">
        {all.map((chart) => <Distribution key={chart.title} {...chart} />)}
      </div>
    </Section>
  );
}
