// Distributions over each other, as shares: bins may differ, so a height is the share of rows per unit.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Histogram, Num } from "../data";
import { count, percent } from "./format";

export interface Series { name: string; color: string; filled: boolean; histogram: Histogram }

const HEIGHT = 150;
const NAMED = 4; // series whose rows beyond the chart stand under it; the rest on demand

interface Bin { from: number; to: number; shares: number[] }

/** The bins that all series fit into, with each one's share of its rows in them. */
function bins(series: Series[]): Bin[] {
  const edges = [...new Set(series.flatMap((one) => one.histogram.edges))].sort((one, other) => one - other);
  return edges.slice(0, -1).map((from, at) => {
    const to = edges[at + 1] ?? from;
    return { from, to, shares: series.map((one) => share(one.histogram, from, to)) };
  });
}

function share(histogram: Histogram, from: number, to: number): number {
  const { edges, counts, above } = histogram;
  const at = edges.findLastIndex((edge) => edge <= from);
  const [start, end] = [edges[at], edges[at + 1]];
  if (start === undefined || end === undefined) return 0;
  const total = counts.reduce((sum, one) => sum + one, above);
  return total === 0 ? 0 : ((counts[at] ?? 0) / total) * ((to - from) / (end - start));
}

export function Distribution(props: { title: string; series: Series[]; written: (value: Num) => string }) {
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const all = bins(props.series);
  const beyond = props.series.filter((one) => one.histogram.above > 0);

  useEffect(() => {
    const element = box.current;
    if (element === null || all.length === 0) return;
    let plot: uPlot | undefined;
    const draw = (): void => {
      plot?.destroy();
      plot = new uPlot(options(element, props, setAt), data(all), element);
    };
    draw();
    const watch = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    document.addEventListener("themechange", draw);
    return () => {
      watch.disconnect();
      document.removeEventListener("themechange", draw);
      plot?.destroy();
    };
  }, [props.series]);

  const bin = at === null ? undefined : all[Math.min(at, all.length - 1)];
  return (
    <figure class="chart">
      <figcaption>
        <span class="title">{props.title}</span>
        <span class="read" aria-live="off">
          {bin && `${props.written(bin.from)} – ${props.written(bin.to)}: ${props.series.map((one, place) => `${one.name} ${percent(bin.shares[place] ?? 0)}`).join(", ")}`}
        </span>
      </figcaption>
      <div ref={box} class="plot" role="img" aria-label={`Distribution of ${props.title}; the figures are in the tables above`} />
      {beyond.length > 0 && (
        <p class="dim">
          beyond: {beyond.slice(0, NAMED).map((one) => `${one.name} ${count(one.histogram.above)}`).join(", ")}
          {beyond.length > NAMED && <details><summary>{count(beyond.length - NAMED)} more</summary>{beyond.slice(NAMED).map((one) => `${one.name} ${count(one.histogram.above)}`).join(", ")}</details>}
        </p>
      )}
    </figure>
  );
}

/** A step at each edge; the last value is repeated so that the last bin has an end. */
function data(all: Bin[]): uPlot.AlignedData {
  const xs = [...all.map((bin) => bin.from), all.at(-1)?.to ?? 0];
  const densities = (all[0]?.shares ?? []).map((_, series) => {
    const ys = all.map((bin) => (bin.shares[series] ?? 0) / (bin.to - bin.from));
    return [...ys, ys.at(-1) ?? 0];
  });
  return [xs, ...densities];
}

function options(element: HTMLElement, props: { series: Series[]; written: (value: Num) => string }, told: (at: number | null) => void): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    width: element.clientWidth, height: HEIGHT, legend: { show: false }, padding: [8, 22, 0, 22],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, high * 1.08 || 1] } },
    axes: [
      {
        stroke: color("--dim"), font: "11px system-ui", size: 28, ticks: { size: 4, width: 1, stroke: color("--line") },
        grid: { show: false }, values: (_plot, values) => values.map((value) => props.written(value)), space: 70,
      },
      { show: false },
    ],
    series: [
      {},
      ...props.series.map((one) => ({
        stroke: color(one.color), width: one.filled ? 1 : 2, points: { show: false },
        ...(stepped === undefined ? {} : { paths: stepped }),
        ...(one.filled ? { fill: color("--fill") } : {}),
      })),
    ],
    hooks: { setCursor: [(plot) => told(plot.cursor.idx === undefined ? null : closest(plot))] },
  };
}

/** uPlot names the nearest edge; the bin under the pointer is the one that begins before it. */
function closest(plot: uPlot): number | null {
  const left = plot.cursor.left ?? -1;
  if (left < 0) return null;
  const value = plot.posToVal(left, "x");
  return Math.max(0, (plot.data[0] as number[]).findLastIndex((edge) => edge <= value));
}
