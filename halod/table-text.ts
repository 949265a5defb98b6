/** The route table as text for a terminal. */
import { growthOf, runsOf, spread, type Step } from "./growth.ts";

const WIDTH = 120;
/** More routes than this do not fit into a line, one character each. */
const MAX_SPELLED_ROUTES = 48;
/** One character for each owner that can be in a table of so many routes. */
const OWNERS = "123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP";
const MAX_LISTED_COUNTS = 8;
const EVERY_UP_TO = 16;

/**
 * The table from one node to `nodes`: who owns what, what each join moves, and what `route mod n` would have moved.
 *
 * @throws RangeError where `nodes` is not a whole number from 1 to `routes`
 */
export function tableText(routes: number, nodes: number): string {
  const lines = routes <= MAX_SPELLED_ROUTES ? spelled(routes, nodes) : summed(routes, nodes);
  return `${lines.join("\n")}\n`;
}

/** A line for each number of nodes, a character for each route. */
function spelled(routes: number, nodes: number): string[] {
  const steps = growthOf(routes, nodes, nodes);
  const counts = steps.map(({ counts: each }) => (nodes <= MAX_LISTED_COUNTS ? each.join(",") : spread(each)));
  const widths = [
    String(nodes).length,
    Math.max(routes, "owners".length),
    Math.max("each owns".length, ...counts.map((text) => text.length)),
    5,
    8,
  ];
  const head = ["n", "owners", "each owns", "moved", "mod-hash"];
  const start = columns(head, widths);
  const body = steps.flatMap((step, index) => {
    const owners = step.owners.map((owner) => OWNERS.charAt(owner - 1)).join("");
    const cells = [step.nodes, owners, counts[index] ?? "", step.moves.length, step.movedByModHash].map(String);
    return hang(columns(cells, widths), movesOf(step));
  });
  return [
    `${counted(routes, "route")}, from 1 node to ${nodes}. A character is a route, and names the node that owns it.`,
    "",
    `${start}  route<-from, in order`,
    ...body,
    "",
    ...totals(steps),
  ];
}

function movesOf({ nodes, moves }: Step): string[] {
  return nodes === 1 ? ["all, from nobody"] : moves.map(({ route, from }) => `${route}<-${OWNERS.charAt(from - 1)}`);
}

/** A line for each number of nodes, then the routes of each node. */
function summed(routes: number, nodes: number): string[] {
  const steps = growthOf(routes, nodes, EVERY_UP_TO);
  const last = steps.at(-1);
  if (last === undefined) return [];
  const widths = [Math.max(5, String(nodes).length), Math.max(9, spread(last.counts).length), 6, 7, 8, 7];
  const percent = (moved: number) => `${((100 * moved) / routes).toFixed(1)} %`;
  const rows = steps.map((step) => {
    const { moves, movedByModHash: byModHash } = step;
    const moved = [moves.length, percent(moves.length), byModHash, percent(byModHash)];
    return columns([step.nodes, spread(step.counts), ...moved].map(String), widths);
  });
  const rangesOf = new Map<number, string[]>();
  for (const { owner, first, last: end } of runsOf(last.owners)) {
    const range = first === end ? `${first}` : `${first}-${end}`;
    const ranges = rangesOf.get(owner);
    if (ranges) ranges.push(range);
    else rangesOf.set(owner, [range]);
  }
  const ownerWidths = [Math.max(4, String(nodes).length), 6];
  const owned = last.counts.flatMap((count, index) =>
    hang(columns([index + 1, count].map(String), ownerWidths), rangesOf.get(index + 1) ?? []),
  );
  return [
    `${counted(routes, "route")}, from 1 node to ${nodes}.${nodes > EVERY_UP_TO ? ` From ${EVERY_UP_TO} on, where the number has doubled.` : ""}`,
    "",
    columns(["nodes", "each owns", "moved", "", "mod-hash", ""], widths),
    ...rows,
    "",
    ...(nodes > EVERY_UP_TO ? [MEANING] : totals(steps)),
    "",
    `With ${counted(nodes, "node")}:`,
    "",
    `${columns(["node", "routes"], ownerWidths)}  which`,
    ...owned,
  ];
}

const MEANING =
  "moved: routes that change their owner when node n joins; mod-hash: what would move, were it `route mod n`.";

function totals(steps: readonly Step[]): string[] {
  const later = steps.slice(1);
  if (later.length === 0) return [MEANING];
  const moved = later.reduce((sum, { moves }) => sum + moves.length, 0);
  const byModHash = later.reduce((sum, step) => sum + step.movedByModHash, 0);
  return [MEANING, `In all, after the first node: ${moved} moved; mod-hash: ${byModHash}.`];
}

/** Cells under each other, to the right of their columns. */
function columns(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell.padStart(widths[index] ?? 0))
    .join("  ")
    .trimEnd();
}

/** Words after a start, over as many lines as they need. */
function hang(start: string, words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = `${start} `;
  for (const word of words) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(start.length + 1);
    }
    line += ` ${word}`;
  }
  return [...lines, line.trimEnd()];
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}
