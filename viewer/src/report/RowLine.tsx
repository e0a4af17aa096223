// One row in the list: what the comparators say, what was asked, what was answered.
import type { Listing } from "../data";
import { count, score } from "../parts/format";

const SIGNS: Record<string, [string, string, string]> = {
  p: ["✓", "good", "passed"], f: ["✗", "bad", "failed"], "-": ["", "none", "no threshold"],
};

export function RowLine({ listing, at, targets }: { listing: Listing; at: number; targets: boolean }) {
  const status = listing.names.status[listing.status[at] ?? 0] ?? "";
  const target = listing.names.target[listing.target[at] ?? 0] ?? "";
  const category = listing.names.category[listing.category[at] ?? 0] ?? "";
  const [flags, losses] = [listing.flags[at] ?? 0, listing.losses[at] ?? 0];
  return (
    <>
      <span class="line">
        {status !== "answered" && <span class="chip bad">{status}</span>}
        {listing.verdicts.map((verdict) => <Chip key={verdict.name} name={verdict.name} passed={verdict.passed[at] ?? " "} points={verdict.score[at] ?? null} />)}
        {flags > 0 && <span class="chip warn" title="flagged">⚑ {flags}</span>}
        {losses > 0 && <span class="chip warn" title="losses in translation">{count(losses)} lost</span>}
      </span>
      <span class="line asks">{listing.asks[at] || <i>no text</i>}</span>
      <span class="line says">
        <span class="text">{listing.says[at]}</span>
        <span class="where">{[category, targets ? target : ""].filter(Boolean).join(" · ")}</span>
      </span>
    </>
  );
}

function Chip({ name, passed, points }: { name: string; passed: string; points: number | null }) {
  const sign = SIGNS[passed];
  if (sign === undefined || (passed === "-" && points === null)) return null;
  const [mark, level, word] = sign;
  const short = name.split(":")[0] ?? name;
  const shown = passed === "-" || (points !== null && points > 0 && points < 1);
  return <span class={`chip ${level}`} title={`${name}: ${word}`}><span aria-hidden="true">{mark}</span> {short}{shown ? ` ${score(points)}` : ""}<span class="hidden"> {word}</span></span>;
}
