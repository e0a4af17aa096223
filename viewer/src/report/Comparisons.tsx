// What differs between targets, and since an earlier report; then groups of rows.
import { useState } from "preact/hooks";
import { type Compared, type Drifted, type Figures, type Group, isJudged, type Target } from "../data";
import { Change, Choose, RateBar, Section } from "../parts/bits";
import { count, money, moment, NOTHING, percent, plural, score, seconds } from "../parts/format";
import { type Column, Table } from "../parts/Table";

const WAYS: Record<string, string> = { higher: "▲", lower: "▼", alike: "=", "not enough data to say": "?" };
type Num = number | null;

/** Shares of rows that pass, or mean scores where nothing passes or fails; and how far apart two are. */
interface Unit { value: (value: Num) => string; apart: (value: Num) => string }

const plus = (value: number): string => (value > 0 ? "+" : "");
const RATES: Unit = { value: percent, apart: (value) => (value === null ? NOTHING : `${plus(value)}${(value * 100).toFixed(1)} pp`) };
const SCORES: Unit = { value: score, apart: (value) => (value === null ? NOTHING : `${plus(value)}${value.toFixed(3)}`) };
const unitOf = (report: Figures, item: { comparator: string }): Unit => (isJudged(report.targets, item.comparator) ? RATES : SCORES);

const chance = (value: number | null): string => (value === null ? NOTHING : value < 0.001 ? "< 0.001" : value.toFixed(3));

function compared<T extends Compared & { comparator: string }>(report: Figures, first: Column<T>[]): Column<T>[] {
  return [
    ...first,
    {
      title: "Difference", numeric: true, by: (item) => item.difference.value,
      draw: (item) => {
        const { value, low, high } = item.difference;
        const { apart } = unitOf(report, item);
        return <>{apart(value)} <span class="dim">{low === null ? "" : `${apart(low)} to ${apart(high)}`}</span></>;
      },
    },
    { title: "p, corrected", numeric: true, draw: (item) => chance(item.p_corrected ?? item.p), by: (item) => item.p_corrected ?? item.p },
    { title: "In words", draw: (item) => <span class={`standing ${item.standing.split(" ")[0]}`}><span aria-hidden="true">{WAYS[item.standing] ?? ""}</span> {item.sentence}</span> },
  ];
}

function Rated({ name, value }: { name: string; value: string }) {
  return <span class="rated"><b>{value}</b> {name}</span>;
}

export function Between({ report }: { report: Figures }) {
  if (report.between.length === 0) return null;
  return (
    <Section id="between" title="Between the targets" note="the same rows, paired; p corrected for all comparisons together">
      <Table
        label="Between the targets" items={report.between}
        columns={compared<Figures["between"][number]>(report, [
          { title: "Comparator", draw: (item) => item.comparator, by: (item) => item.comparator },
          { title: "One", draw: (item) => <Rated name={item.one} value={unitOf(report, item).value(item.before)} />, by: (item) => item.before },
          { title: "Other", draw: (item) => <Rated name={item.other} value={unitOf(report, item).value(item.after)} />, by: (item) => item.after },
        ])}
      />
    </Section>
  );
}

export function Drift({ report }: { report: Figures }) {
  if (!report.drift || report.drift.comparisons.length === 0) return null;
  return (
    <Section id="drift" title="Drift and noise" note="how often today's answers agree with the recorded one, and with another one of today">
      <Table
        label="Drift and noise" items={report.drift.comparisons}
        columns={compared<Drifted>(report, [
          { title: "Model", draw: (item) => item.target, by: (item) => item.target },
          { title: "Comparator", draw: (item) => item.comparator, by: (item) => item.comparator },
          { title: "With another of today", numeric: true, draw: (item) => unitOf(report, item).value(item.before), by: (item) => item.before },
          { title: "With the recorded one", numeric: true, draw: (item) => unitOf(report, item).value(item.after), by: (item) => item.after },
          { title: "Changed for good", numeric: true, draw: (item) => count(item.changed), by: (item) => item.changed },
        ])}
      />
    </Section>
  );
}

export function Baseline({ report }: { report: Figures }) {
  const { baseline } = report;
  if (baseline === null) return null;
  const alone = [
    baseline.only_now > 0 ? `${plural(baseline.only_now, "row")} only now` : "",
    baseline.only_then > 0 ? `${plural(baseline.only_then, "row")} only then` : "",
  ].filter(Boolean).join(", ");
  return (
    <Section id="baseline" title="Since the earlier report" note={`${baseline.title}, ${moment(baseline.made_at)}${alone && ` · ${alone}`}`}>
      <Table
        label="Since the earlier report" items={baseline.comparisons}
        columns={compared<NonNullable<Figures["baseline"]>["comparisons"][number]>(report, [
          { title: "Target", draw: (item) => item.target, by: (item) => item.target },
          { title: "Comparator", draw: (item) => item.comparator, by: (item) => item.comparator },
          { title: "Then", numeric: true, draw: (item) => unitOf(report, item).value(item.before), by: (item) => item.before },
          { title: "Now", numeric: true, draw: (item) => unitOf(report, item).value(item.after), by: (item) => item.after },
        ])}
      />
    </Section>
  );
}

function groupColumns(title: string, compare: string[], groups: Group[], onPick: (name: string) => void): Column<Group>[] {
  const rated = new Set(groups.flatMap((group) => group.comparators.filter(({ rate }) => rate.value !== null).map((rate) => rate.name)));
  const names = compare.filter((name) => rated.has(name));
  return [
    {
      title, by: (group) => group.name,
      draw: (group) => <button type="button" class="link" title="Show these rows" onClick={() => onPick(group.name)}>{group.name || "(none)"}</button>,
    },
    { title: "Rows", numeric: true, draw: (group) => count(group.rows), by: (group) => group.rows },
    ...names.map((name): Column<Group> => {
      const of = (group: Group) => group.comparators.find((rate) => rate.name === name);
      return {
        title: name, by: (group) => of(group)?.rate.value ?? null,
        draw: (group) => {
          const rate = of(group);
          if (rate === undefined || rate.rate.value === null) return <span class="dim">{NOTHING}</span>;
          return <span class="cellrate" title={rate.sentence}><span class="value">{percent(rate.rate.value)}</span><RateBar rate={rate.rate} /></span>;
        },
      };
    }),
    { title: "Tokens out", numeric: true, draw: (group) => <Change {...group.tokens_out} written={count} />, by: (group) => group.tokens_out.after },
    { title: "Cost", numeric: true, draw: (group) => <Change {...group.cost} written={money} />, by: (group) => group.cost.after },
    { title: "Time", numeric: true, draw: (group) => <Change {...group.seconds} written={seconds} />, by: (group) => group.seconds.after },
  ];
}

export function Groups(props: {
  id: "categories" | "models"; title: string; column: string; compare: string[]; targets: Target[];
  onPick: (target: string, name: string) => void;
}) {
  const [chosen, setChosen] = useState(0);
  const target = props.targets[chosen];
  if (target === undefined || props.targets.every((one) => one[props.id].length === 0)) return null;
  const groups = target[props.id];
  return (
    <Section id={props.id} title={props.title} note="a name shows its rows">
      <Choose label={`${props.title}: target`} names={props.targets.map((one) => one.name)} chosen={chosen} onChoose={setChosen} />
      <Table label={props.title} items={groups} columns={groupColumns(props.column, props.compare, groups, (name) => props.onPick(target.name, name))} />
    </Section>
  );
}
