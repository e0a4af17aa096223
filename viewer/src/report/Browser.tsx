// The rows: list and detail beside each other, or one over the other on a narrow screen.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Listing, Row } from "../data";
import type { Rows } from "../embedded";
import { Section } from "../parts/bits";
import { count, plural } from "../parts/format";
import { VirtualList } from "../parts/VirtualList";
import type { Search } from "../search";
import { type Choice, rowNames, SORTS } from "./choice";
import { Detail } from "./Detail";
import { Filters } from "./Filters";
import { RowLine } from "./RowLine";
import { useFound } from "./useFound";
import { useKeys } from "./useKeys";

interface Props {
  listing: Listing; rows: Rows; search: Search; leftOut: number; choice: Choice; onChange: (change: Partial<Choice>) => void;
}

const ROW_HEIGHT = 78;

export function Browser({ listing, rows, search, leftOut, choice, onChange }: Props) {
  const { items, reading } = useFound(listing, search, choice);
  const names = useMemo(() => rowNames(listing), [listing]);
  const numbers = useMemo(() => new Map(names.map((name, at) => [name, at])), [names]);
  const chosen = numbers.get(choice.row);
  const place = useMemo(() => (chosen === undefined ? -1 : items.indexOf(chosen)), [items, chosen]);
  const at = chosen ?? items[0];
  const row = useRow(rows, at);
  const [open, setOpen] = useState(choice.row !== "");
  const field = useRef<HTMLInputElement>(null);
  const detail = useRef<HTMLDivElement>(null);

  const choose = (next: number, opened: boolean): void => {
    const item = items[Math.min(items.length - 1, Math.max(0, next))];
    if (item === undefined) return;
    onChange({ row: names[item] ?? "" });
    if (opened) setOpen(true);
    if (detail.current !== null) detail.current.scrollTop = 0;
  };
  const step = (by: number): void => choose(place < 0 ? (chosen === undefined && by > 0 ? 1 : 0) : place + by, false);
  useKeys({
    search: () => field.current?.focus(), step,
    escape: () => {
      if (document.activeElement instanceof HTMLInputElement && choice.query !== "") onChange({ query: "" });
      else if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
      else setOpen(false);
    },
  });

  const targets = listing.names.target.length > 1;
  const note = leftOut > 0
    ? `worst first; ${plural(leftOut, "row")} that did better ${leftOut === 1 ? "is" : "are"} counted above but not in this page`
    : plural(listing.count, "row");
  return (
    <Section id="rows" title="Rows" note={<>{note} · keys: <kbd>j</kbd> <kbd>k</kbd> <kbd>/</kbd> <kbd>Esc</kbd></>}>
      <Filters listing={listing} choice={choice} shown={items.length} reading={reading} search={field} onChange={onChange} />
      <div class={`browser ${open ? "open" : ""}`}>
        {items.length === 0 ? <p class="empty">{reading === null ? "No row is like that." : "Searching…"}</p> : (
          <VirtualList
            items={items} height={ROW_HEIGHT} selected={chosen === undefined ? 0 : place} label={`Rows, ${SORTS[choice.sort]}`} onSelect={choose}
            draw={(item) => <RowLine listing={listing} at={item} targets={targets} />}
          />
        )}
        <div class="pane" ref={detail} tabIndex={-1}>
          {row !== undefined && (
            <Detail row={row} heading={<Heading row={row} place={place} total={items.length} onStep={step} onClose={() => setOpen(false)} />} />
          )}
        </div>
      </div>
    </Section>
  );
}

function Heading(props: { row: Row; place: number; total: number; onStep: (by: number) => void; onClose: () => void }) {
  return (
    <div class="heading">
      <button type="button" class="plain close" onClick={props.onClose}>← Rows</button>
      <h3>{props.row.target}{props.row.sample > 1 ? `, sample ${props.row.sample}` : ""}</h3>
      <span class="dim">{props.place >= 0 ? `${count(props.place + 1)} of ${count(props.total)}` : ""}</span>
      <button type="button" class="plain" aria-label="Previous row" onClick={() => props.onStep(-1)}>↑</button>
      <button type="button" class="plain" aria-label="Next row" onClick={() => props.onStep(1)}>↓</button>
    </div>
  );
}

/** The row, once its block is unpacked; while another is read, the last one stays. */
function useRow(rows: Rows, at: number | undefined): Row | undefined {
  const [row, setRow] = useState<Row>();
  useEffect(() => {
    let isWanted = true;
    if (at === undefined) setRow(undefined);
    else void rows.row(at).then((found) => isWanted && setRow(found));
    return () => {
      isWanted = false;
    };
  }, [rows, at]);
  return row;
}
