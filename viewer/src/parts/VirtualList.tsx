// A list of any length of which only what is in sight is in the page.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const SPARE = 8; // rows above and below what is in sight

export function VirtualList(props: {
  items: number[]; height: number; selected: number; label: string; draw: (item: number) => ComponentChildren;
  onSelect: (place: number, opened: boolean) => void;
}) {
  const { items, height, selected } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [size, setSize] = useState(600);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => setSize(element.clientHeight));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    const element = box.current;
    if (element === null || selected < 0) return;
    const [start, end] = [selected * height, (selected + 1) * height];
    if (start < element.scrollTop) element.scrollTop = start;
    else if (end > element.scrollTop + element.clientHeight) element.scrollTop = end - element.clientHeight;
  }, [selected, items, height]);

  const first = Math.max(0, Math.floor(top / height) - SPARE);
  const last = Math.min(items.length, Math.ceil((top + size) / height) + SPARE);
  const page = Math.max(1, Math.floor(size / height) - 1);
  const steps: Record<string, number> = {
    ArrowDown: selected + 1, ArrowUp: selected - 1, PageDown: selected + page, PageUp: selected - page,
    Home: 0, End: items.length - 1,
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === "Enter") return props.onSelect(selected, true);
    const place = steps[event.key];
    if (place === undefined || items.length === 0) return;
    event.preventDefault();
    props.onSelect(Math.min(items.length - 1, Math.max(0, place)), false);
  };
  return (
    <div
      ref={box} class="virtual" role="listbox" tabIndex={0} aria-label={props.label} onKeyDown={pressed}
      aria-activedescendant={selected >= first && selected < last ? `row-${items[selected]}` : undefined}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div class="whole" style={{ height: `${items.length * height}px` }}>
        {items.slice(first, last).map((item, at) => (
          <div
            key={item} id={`row-${item}`} class="item" role="option" aria-selected={first + at === selected}
            aria-setsize={items.length} aria-posinset={first + at + 1}
            style={{ transform: `translateY(${(first + at) * height}px)`, height: `${height}px` }}
            onClick={() => props.onSelect(first + at, true)}
          >
            {props.draw(item)}
          </div>
        ))}
      </div>
    </div>
  );
}
