// What could not be asked as it was recorded, what was not answered, and why.
import type { Figures, Target } from "../data";
import { Section } from "../parts/bits";
import { count } from "../parts/format";
import { type Column, Table } from "../parts/Table";

interface Loss { target: string; path: string; what: string; why: string; many: number }
interface Reason { target: string; status: string; reason: string; many: number }

const many = <T extends { many: number }>(): Column<T> => ({ title: "Rows", numeric: true, draw: (item) => count(item.many), by: (item) => item.many });
const target = <T extends { target: string }>(): Column<T> => ({ title: "Target", draw: (item) => item.target, by: (item) => item.target });

const losses = (targets: Target[]): Loss[] =>
  targets.flatMap((one) => one.losses.map(([path, what, why, rows]) => ({ target: one.name, path, what, why, many: rows })));
const reasons = (targets: Target[]): Reason[] =>
  targets.flatMap((one) => [
    ...one.reasons.map(([status, reason, rows]) => ({ target: one.name, status, reason, many: rows })),
    ...one.unpriced.map(([reason, rows]) => ({ target: one.name, status: "no price", reason, many: rows })),
  ]);

export function Losses({ report }: { report: Figures }) {
  const [lost, missing] = [losses(report.targets), reasons(report.targets)];
  const { corpus } = report;
  const passed = [...corpus.reasons, ...corpus.passed_over].map(([reason, rows]) => ({ target: "", status: "not chosen", reason, many: rows }));
  if (lost.length + missing.length + passed.length + corpus.unreadable.length === 0) return null;
  return (
    <Section id="losses" title="Losses and reasons">
      {lost.length > 0 && (
        <>
          <h3>Lost in translation</h3>
          <Table
            label="Lost in translation" items={lost}
            columns={[target(), { title: "Where", draw: (loss) => <code>{loss.path}</code>, by: (loss) => loss.path }, { title: "What", draw: (loss) => loss.what }, { title: "Why", draw: (loss) => loss.why }, many()]}
          />
        </>
      )}
      {missing.length > 0 && (
        <>
          <h3>Rows without an answer or a price</h3>
          <Table label="Rows without an answer or a price" items={missing} columns={[target(), { title: "Status", draw: (item) => item.status, by: (item) => item.status }, { title: "Reason", draw: (item) => item.reason }, many()]} />
        </>
      )}
      {passed.length > 0 && (
        <>
          <h3>Recordings that were not asked again</h3>
          <Table label="Recordings that were not asked again" items={passed} columns={[{ title: "Reason", draw: (item) => item.reason }, many()]} />
        </>
      )}
      {corpus.unreadable.length > 0 && <p class="bad">Could not be read: {corpus.unreadable.join("; ")}</p>}
    </Section>
  );
}
