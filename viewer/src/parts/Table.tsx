// A table whose columns can be sorted by.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

export interface Column<T> {
  title: string; draw: (item: T) => ComponentChildren; by?: (item: T) => number | string | null; numeric?: boolean;
}

export function Table<T>(props: { label: string; columns: Column<T>[]; items: T[]; most?: number }) {
  const [sort, setSort] = useState<{ at: number; up: boolean } | null>(null);
  const [all, setAll] = useState(false);
  const by = sort === null ? undefined : props.columns[sort.at]?.by;
  const items = by === undefined ? props.items : [...props.items].sort((one, other) => compare(by(one), by(other), sort?.up ?? true));
  const most = all ? items.length : (props.most ?? 20);
  return (
    <div class="scroll">
      <table class="figures" aria-label={props.label}>
        <thead>
          <tr>
            {props.columns.map((column, at) => {
              const way = sort?.at === at ? (sort.up ? "ascending" : "descending") : undefined;
              return (
                <th key={column.title} scope="col" class={column.numeric ? "numeric" : ""} aria-sort={way}>
                  {column.by === undefined ? column.title : (
                    <button type="button" onClick={() => setSort({ at, up: sort?.at === at ? !sort.up : !column.numeric })}>
                      {column.title}<span aria-hidden="true">{way === undefined ? "" : way === "ascending" ? " ↑" : " ↓"}</span>
                    </button>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {items.slice(0, most).map((item, at) => (
            <tr key={at}>
              {props.columns.map((column) => <td key={column.title} class={column.numeric ? "numeric" : ""}>{column.draw(item)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {items.length > most && <button type="button" class="plain" onClick={() => setAll(true)}>Show all {items.length}</button>}
    </div>
  );
}

/** What is not known comes last, whichever way. */
function compare(one: number | string | null, other: number | string | null, up: boolean): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
  const order = typeof one === "string" || typeof other === "string" ? String(one).localeCompare(String(other)) : one - other;
  return up ? order : -order;
}
