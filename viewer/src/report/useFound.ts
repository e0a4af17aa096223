// The rows that filters and search leave. The search reads the rows' texts once, and shows what it has found so far.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Listing } from "../data";
import { listed, type Search, wordsOf } from "../search";
import { type Choice, filtered } from "./choice";

export interface Found { items: number[]; reading: number | null }

export function useFound(listing: Listing, search: Search, choice: Choice): Found {
  const { target, failed, category, model, status, flagged, sort, query } = choice;
  const narrowed = useMemo(() => filtered(listing, choice), [listing, target, failed, category, model, status, flagged, sort]);
  const [share, setShare] = useState(search.isRead ? 1 : 0);
  const words = useMemo(() => wordsOf(query), [query]);

  useEffect(() => {
    if (words.length > 0 && !search.isRead) void search.read(setShare);
  }, [search, words]);

  const items = useMemo(
    () => (words.length === 0 ? narrowed : narrowed.filter((at) => search.matches(at, words) ?? listed(listing, at, words))),
    [listing, search, narrowed, words, share],
  );
  return { items, reading: words.length > 0 && share < 1 ? share : null };
}
