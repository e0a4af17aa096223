// The targets beside each other: one column each, one row for each figure.
import type { ComponentChildren } from "preact";
import { type Figures, isJudged, type Sides, type Target } from "../data";
import { Badge, Change, RateBar, Section } from "../parts/bits";
import { count, interval, money, NOTHING, percent, plural, score, seconds } from "../parts/format";

type Draw = (target: Target) => ComponentChildren;

const SIDES: [string, string, keyof Pick<Target, "cost" | "tokens_in" | "tokens_out" | "seconds" | "first">, typeof money][] = [
  ["Cost", "sum", "cost", money], ["Tokens in", "sum", "tokens_in", count], ["Tokens out", "sum", "tokens_out", count],
  ["Time", "mean", "seconds", seconds], ["First chunk", "mean", "first", seconds],
];

export function Targets({ report }: { report: Figures }) {
  const { targets } = report;
  return (
    <Section id="targets" title={targets.length > 1 ? "Targets side by side" : "The target"} note="recorded → new; bars show the rate and its 95 % interval">
      <div class="scroll">
        <table class="targets">
          <thead>
            <tr>
              <th scope="col"><span class="hidden">Figure</span></th>
              {targets.map((target) => (
                <th scope="col" key={target.name}>
                  <span class="name">{target.name}</span> <Badge level={target.verdict.level} kind={report.kind} />
                  <p class="headline">{target.verdict.headline}</p>
                  {target.verdict.lines.length > 0 && (
                    <details class="inwords">
                      <summary>in words</summary>
                      {target.verdict.lines.map((line, at) => <p class="line" key={at}>{line}</p>)}
                    </details>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.compare.map((name) => <Line key={name} title={name} hint={isJudged(targets, name) ? "passed" : "score"} targets={targets} draw={(target) => <Passing target={target} name={name} />} />)}
            <Line title="Answered" targets={targets} draw={(target) => <Answered target={target} />} />
            {SIDES.map(([title, hint, name, written]) => (
              targets.some((target) => target[name].rows > 0 || target[name].missing > 0) &&
              <Line key={name} title={title} hint={hint} targets={targets} draw={(target) => <Both sides={target[name]} written={written} />} />
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Line(props: { title: string; hint?: string; targets: Target[]; draw: Draw }) {
  return (
    <tr>
      <th scope="row">{props.title}{props.hint ? <span class="note">{props.hint}</span> : null}</th>
      {props.targets.map((target) => <td key={target.name}>{props.draw(target)}</td>)}
    </tr>
  );
}

function Passing({ target, name }: { target: Target; name: string }) {
  const rate = target.comparators.find((comparator) => comparator.name === name);
  if (rate === undefined || rate.rows === 0) return <span class="dim">applies to no row</span>;
  const flags = rate.flags.map(([flag, many]) => `${flag}: ${count(many)}`).join(", ");
  const judged = rate.passed + rate.failed;
  return (
    <div class="passing" title={rate.sentence}>
      {judged > 0 ? (
        <>
          <span class="big">{percent(rate.rate.value)}</span> <RateBar rate={rate.rate} />
          <span class="dim">{interval(rate.rate, percent)} · {count(rate.passed)} of {count(judged)}</span>
        </>
      ) : (
        <><span class="big">{score(rate.scores?.mean ?? null)}</span> <span class="dim">mean score of {plural(rate.rows, "row")}; no threshold</span></>
      )}
      {flags && <span class="flag">⚑ {flags}</span>}
    </div>
  );
}

function Answered({ target }: { target: Target }) {
  const { answered, skipped, unanswered, left } = target.outcomes;
  const rest = ([["skipped", skipped], ["unanswered", unanswered], ["not asked yet", left]] as const).filter(([, many]) => many > 0);
  return (
    <>
      <span class="big">{count(answered)}</span> <span class="dim">of {count(answered + skipped + unanswered + left)}</span>
      {rest.map(([word, many]) => <span class="flag" key={word}>{count(many)} {word}</span>)}
    </>
  );
}

/** Where a ratio says more than the data do. */
const STANDINGS: Record<string, string> = { alike: "alike", "not enough data to say": "? not enough data" };

function stands({ compared }: Sides): string | undefined {
  if (!compared) return undefined;
  return compared.differ === 0 ? "the same" : STANDINGS[compared.standing];
}

function Both({ sides, written }: { sides: Sides; written: typeof money }) {
  if (sides.rows === 0) return <span class="dim">{NOTHING} not known for {plural(sides.missing, "row")}</span>;
  return (
    <div title={sides.compared?.sentence ?? ""}>
      <Change before={sides.before} after={sides.after} ratio={sides.ratio} written={written} />
      {stands(sides) && <span class="times">{stands(sides)}</span>}
      {sides.missing > 0 && <span class="dim"> not known for {plural(sides.missing, "row")}</span>}
    </div>
  );
}
