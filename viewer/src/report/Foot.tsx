// Where the figures come from, and what the file holds.
import type { Figures } from "../data";
import { count, moment, plural } from "../parts/format";

export function Foot({ report }: { report: Figures }) {
  const { corpus, prices } = report;
  return (
    <footer>
      <p>
        {count(corpus.interactions)} interactions recorded, {count(corpus.calls)} different calls of models, {count(corpus.usable)} with a whole
        answer, {count(corpus.chosen)} chosen, from {plural(corpus.clusters, "conversation")}. Intervals are 95 %.
        {prices.source !== "" && ` Prices: ${[prices.source, prices.date].filter(Boolean).join(", ")}.`}
      </p>
      <p>
        This file holds the prompts and replies of its rows. It asks nothing of any network. Made by tokentape {report.tokentape}, {moment(report.made_at)}.
      </p>
    </footer>
  );
}
