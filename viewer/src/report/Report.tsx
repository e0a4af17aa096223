// The report page: verdict first, then figures, then rows.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Figures, Listing } from "../data";
import type { Rows } from "../embedded";
import { Search } from "../search";
import { Browser } from "./Browser";
import { type Choice, named, NO_CHOICE, readHash, writeHash } from "./choice";
import { Baseline, Between, Drift, Groups } from "./Comparisons";
import { Distributions } from "./Distributions";
import { Foot } from "./Foot";
import { Bar, Head } from "./Head";
import { Losses } from "./Losses";
import { Targets } from "./Targets";

export function Report({ report, listing, rows }: { report: Figures; listing: Listing; rows: Rows }) {
  const search = useMemo(() => new Search(rows), [rows]);
  const [choice, setChoice] = useState(() => readHash(location.hash));
  const leftOut = (report.rows_left_out ?? 0) + rows.leftOut;

  useEffect(() => {
    const moved = (event: HashChangeEvent): void => setChoice(readHash(new URL(event.newURL).hash));
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  useEffect(() => {
    if (choice.row !== "") document.getElementById("rows")?.scrollIntoView();
  }, []);

  useEffect(() => {
    // Not at every key: browsers refuse a page that changes its address too often.
    if (sameHash(writeHash(choice), location.hash)) return;
    const later = setTimeout(() => history.replaceState(null, "", writeHash(choice) || location.pathname + location.search), 150);
    return () => clearTimeout(later);
  }, [choice]);

  const change = (changed: Partial<Choice>): void => setChoice((before) => ({ ...before, ...changed }));
  const pick = (what: Partial<Choice>): void => {
    change({ ...NO_CHOICE, ...what });
    document.getElementById("rows")?.scrollIntoView();
  };
  const places = shown(report, listing);
  return (
    <>
      <Bar places={places} />
      <main>
        <Head report={report} />
        <Targets report={report} />
        <Drift report={report} />
        <Between report={report} />
        <Baseline report={report} />
        <Groups id="categories" title="By category" column="Category" compare={report.compare} targets={report.targets} onPick={(target, name) => pick({ target, category: named(name) })} />
        <Groups id="models" title="By recorded model" column="Model" compare={report.compare} targets={report.targets} onPick={(target, name) => pick({ target, model: named(name) })} />
        <Distributions report={report} />
        <Losses report={report} />
        {listing.count > 0 && <Browser listing={listing} rows={rows} search={search} leftOut={leftOut} choice={choice} onChange={change} />}
      </main>
      <Foot report={report} />
    </>
  );
}

const sameHash = (one: string, other: string): boolean => writeHash(readHash(one)) === writeHash(readHash(other));

function shown(report: Figures, listing: Listing): [string, string][] {
  const all: [boolean, string, string][] = [
    [true, "summary", "Verdict"], [true, "targets", "Targets"], [Boolean(report.drift?.comparisons.length), "drift", "Drift"], [report.between.length > 0, "between", "Between"],
    [report.baseline !== null, "baseline", "Baseline"],
    [report.targets.some((target) => target.categories.length > 0), "categories", "Categories"],
    [report.targets.some((target) => target.models.length > 0), "models", "Models"],
    [true, "distributions", "Distributions"], [true, "losses", "Losses"], [listing.count > 0, "rows", "Rows"],
  ];
  return all.filter(([is]) => is).map(([, id, name]) => [id, name]);
}
