// Which rows are listed, and in what order.
import type { RefObject } from "preact";
import type { Listing } from "../data";
import { count } from "../parts/format";
import { type Choice, EMPTY, isNarrowed, named, NO_CHOICE, type Sort, SORTS } from "./choice";

interface Props {
  listing: Listing; choice: Choice; shown: number; reading: number | null; search: RefObject<HTMLInputElement | null>;
  onChange: (change: Partial<Choice>) => void;
}

export function Filters(props: Props) {
  const { listing, choice, onChange } = props;
  const { target, category, model, status } = listing.names;
  const comparators = listing.verdicts.map((verdict) => verdict.name);
  return (
    <form class="filters" role="search" aria-label="Rows" onSubmit={(event) => event.preventDefault()}>
      <label class="query">
        <span class="hidden">Search in prompts and replies</span>
        <input
          ref={props.search} type="search" placeholder="Search prompts and replies  ( / )" value={choice.query} spellcheck={false}
          onInput={(event) => onChange({ query: event.currentTarget.value })}
        />
      </label>
      <Select name="target" label="Target" value={choice.target} values={target} onChange={onChange} />
      <Select name="failed" label="Verdict" value={choice.failed} values={comparators.length > 1 ? ["any", ...comparators] : comparators} always onChange={onChange} />
      <Select name="category" label="Category" value={choice.category} values={category} onChange={onChange} />
      <Select name="model" label="Recorded model" value={choice.model} values={model} onChange={onChange} />
      <Select name="status" label="Status" value={choice.status} values={status} onChange={onChange} />
      <label class="check"><input type="checkbox" checked={choice.flagged} onChange={(event) => onChange({ flagged: event.currentTarget.checked })} /> flagged</label>
      <label class="sort">
        <span class="hidden">Order</span>
        <select value={choice.sort} onChange={(event) => onChange({ sort: event.currentTarget.value as Sort })}>
          {Object.entries(SORTS).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select>
      </label>
      <output class="shown" aria-live="polite" data-for={props.reading === null ? choice.query : undefined}>
        {count(props.shown)} of {count(listing.count)}
        {props.reading !== null ? ` · searching ${Math.round(props.reading * 100)} %` : ""}
      </output>
      {isNarrowed(choice) && (
        <button type="button" class="plain" onClick={() => onChange({ ...NO_CHOICE, sort: choice.sort, row: choice.row })}>Clear filters</button>
      )}
    </form>
  );
}

type Filter = "target" | "failed" | "category" | "model" | "status";

/** Not shown where there is nothing to choose. */
function Select(props: { name: Filter; label: string; value: string; values: string[]; always?: boolean; onChange: Props["onChange"] }) {
  if (props.values.length < (props.always ? 1 : 2)) return null;
  return (
    <label class="select">
      <span class="hidden">{props.label}</span>
      <select name={props.name} value={props.value} class={props.value === "" ? "" : "chosen"} onChange={(event) => props.onChange({ [props.name]: event.currentTarget.value })}>
        <option value="">{props.label}: all</option>
        {[...props.values].sort(first).map((value) => (
          <option key={value} value={named(value)}>{props.name === "failed" ? `failed ${value}` : named(value) === EMPTY ? "(none)" : value}</option>
        ))}
      </select>
    </label>
  );
}

const first = (one: string, other: string): number => (one === "any" ? -1 : other === "any" ? 1 : one.localeCompare(other));
