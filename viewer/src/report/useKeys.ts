// Keys that work anywhere on the page, except where the reader types.
import { useEffect, useRef } from "preact/hooks";

interface Keys { search: () => void; step: (by: number) => void; escape: () => void }

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input:not([type=checkbox]), select, textarea");

export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.key === "Escape") return latest.current.escape();
      if (isTyping(event.target)) return;
      const act: Record<string, () => void> = {
        "/": latest.current.search, j: () => latest.current.step(1), k: () => latest.current.step(-1),
      };
      const found = act[event.key];
      if (found === undefined) return;
      event.preventDefault();
      if (event.key !== "/") document.getElementById("rows")?.scrollIntoView({ block: "nearest" });
      found();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}
