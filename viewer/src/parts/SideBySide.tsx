// Two texts beside each other, with what differs marked. Lines wrap and stay level.
import { useMemo, useState } from "preact/hooks";
import { difference, type Pair, type Piece } from "./difference";

const AROUND = 3; // equal lines that stay in sight around a change
const FOLDED = 9; // equal lines in a row from which on they are folded

export function SideBySide(props: { before: string; after: string; code?: boolean; label: string }) {
  const pairs = useMemo(() => difference(props.before, props.after), [props.before, props.after]);
  const [open, setOpen] = useState(false);
  const shown = open ? pairs : folded(pairs);
  return (
    <table class={`sides ${props.code ? "code" : "prose"}`} aria-label={props.label}>
      <tbody>
        {shown.map((pair, at) =>
          typeof pair === "number" ? (
            <tr class="fold" key={at}>
              <td colSpan={2}>
                <button type="button" onClick={() => setOpen(true)}>{pair} equal lines</button>
              </td>
            </tr>
          ) : (
            <tr class={pair.kind} key={at}>
              <Side pieces={pair.left} mark="del" />
              <Side pieces={pair.right} mark="ins" />
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}

function Side({ pieces, mark: Mark }: { pieces: Piece[] | null; mark: "del" | "ins" }) {
  if (pieces === null) return <td class="nothing" />;
  return <td>{pieces.map((piece) => (piece.marked && piece.text !== "" ? <Mark>{piece.text}</Mark> : piece.text))}</td>;
}

/** Long runs of equal lines become a number. */
function folded(pairs: Pair[]): (Pair | number)[] {
  const result: (Pair | number)[] = [];
  for (let at = 0; at < pairs.length; ) {
    let end = at;
    while (end < pairs.length && pairs[end]?.kind === "same") end += 1;
    const head = at === 0 ? 0 : AROUND;
    const tail = end === pairs.length ? 0 : AROUND;
    if (end - at >= FOLDED && !(at === 0 && end === pairs.length)) {
      result.push(...pairs.slice(at, at + head), end - at - head - tail, ...pairs.slice(end - tail, end));
    } else {
      result.push(...pairs.slice(at, end));
    }
    if (end < pairs.length) result.push(pairs[end] as Pair);
    at = end + 1;
  }
  return result;
}
