/**
 * The route table as a picture: a halo of rings, one for each number of nodes, the first node's inside.
 *
 * A route is the same angle in every ring, clockwise from the top. So a join shows as the new colour in its ring, and
 * all the rest goes on outwards unchanged.
 */
import { growthOf, runsOf, spread, type Step } from "./growth.ts";
import { movedByModHash } from "./mod-hash.ts";
import { DIFFERENT_PAINTS, paintDefinitions, paintOf } from "./paint.ts";

const SIZE = { width: 1_080, height: 730 };
const CENTRE = { x: 345, y: 375 };
const RADIUS = { inner: 62, outer: 295 };
/** All rings up to so many nodes, then those where the number has doubled. */
const EVERY_UP_TO = 8;
/** More routes than this are too thin for a line between them, or a number on them. */
const MAX_SEPARATED_ROUTES = 128;
const MAX_NUMBERED_ROUTES = 48;
const MAX_LEGEND_NODES = 16;
/** Left open at the top, in radians, for the number of nodes of each ring. */
const GAP = 0.13;
const LEGEND = { x: 700, y: 150, rowHeight: 30 };
const INK = "#1a1a1a";
const FAINT = "#5c5c5c";

/** A ring of the picture, between two radii. */
interface Ring {
  readonly step: Step;
  /** The owners in the ring inside it; all of them nobody in the innermost. */
  readonly before: readonly number[];
  readonly inner: number;
  readonly outer: number;
}

/**
 * An SVG document.
 *
 * @throws RangeError where `nodes` is not a whole number from 1 to `routes`
 */
export function pictureOf(routes: number, nodes: number): string {
  const steps = growthOf(routes, nodes, EVERY_UP_TO);
  const thickness = (RADIUS.outer - RADIUS.inner) / steps.length;
  const rings = steps.map((step, index): Ring => {
    const inner = RADIUS.inner + index * thickness;
    const before = steps[index - 1]?.owners ?? [];
    return { step, before, inner, outer: inner + thickness - Math.min(3, thickness / 8) };
  });
  const title = `${counted(routes, "route")} on ${counted(nodes, "node")}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" width="${SIZE.width}" height="${SIZE.height}" role="img" aria-labelledby="title desc" font-family="system-ui, 'Liberation Sans', Arial, sans-serif">`,
    `<title id="title">HaloD's route table: ${title}</title>`,
    `<desc id="desc">${description(steps)}</desc>`,
    paintDefinitions(nodes),
    `<rect width="${SIZE.width}" height="${SIZE.height}" fill="#ffffff"/>`,
    ...rings.map((ring) => drawRing(ring, routes)),
    ...rings.map(ringNumber),
    ...routeNumbers(routes),
    text(CENTRE.x, CENTRE.y - 4, routes.toLocaleString("en-US"), { size: 26, weight: 600, anchor: "middle" }),
    text(CENTRE.x, CENTRE.y + 17, routes === 1 ? "route" : "routes", { size: 14, anchor: "middle", ink: FAINT }),
    ...legend(steps, title),
    "</svg>",
    "",
  ]
    .filter((part, index, parts) => part !== "" || index === parts.length - 1)
    .join("\n");
}

/** One path for each owner, so that many routes stay a small file; each says what it is when it is pointed at. */
function drawRing(ring: Ring, routes: number): string {
  const { nodes, owners } = ring.step;
  const isSeparated = routes <= MAX_SEPARATED_ROUTES;
  const outlines = new Map<number, string[]>();
  for (const { owner, first, last } of isSeparated ? cellsOf(owners) : runsOf(owners)) {
    const drawn = outlines.get(owner) ?? [];
    drawn.push(arc(ring, angleOf(first - 1, routes), angleOf(last, routes)));
    outlines.set(owner, drawn);
  }
  const line = isSeparated ? ' stroke="#ffffff" stroke-width="1"' : "";
  const paths = [...outlines].map(([owner, drawn]) => {
    const count = ring.step.counts[owner - 1] ?? 0;
    const told = `With ${counted(nodes, "node")}: node ${owner} owns ${counted(count, "route")}`;
    return `<path d="${drawn.join("")}" fill="${paintOf(owner).fill}"><title>${told}</title></path>`;
  });
  return `<g${line}>${paths.join("")}</g>${routes <= MAX_NUMBERED_ROUTES ? ownerNumbers(ring, routes) : ""}`;
}

/** The owner's number on each route that had another owner in the ring before: colour is not the only sign of it. */
function ownerNumbers({ step, before, inner, outer }: Ring, routes: number): string {
  const radius = (inner + outer) / 2;
  const isRoom = (radius * (2 * Math.PI - GAP)) / routes > 14 && outer - inner > 12;
  if (!isRoom) return "";
  return step.owners
    .map((owner, index) => {
      if (owner === before[index]) return "";
      const { x, y } = pointAt(radius, angleOf(index + 0.5, routes));
      const { ink, isPlain } = paintOf(owner);
      // On a pattern a number needs ground of its own.
      const ground = isPlain
        ? ""
        : `<circle cx="${round(x)}" cy="${round(y)}" r="9" fill="${ink === INK ? "#ffffff" : INK}"/>`;
      return ground + text(x, y + 4.5, String(owner), { size: 13, weight: 700, anchor: "middle", ink });
    })
    .join("");
}

function ringNumber({ step, inner, outer }: Ring): string {
  const size = Math.min(12, Math.max(7, (outer - inner) * 0.6));
  return text(CENTRE.x, CENTRE.y - (inner + outer) / 2 + size / 3, String(step.nodes), {
    size,
    weight: 600,
    anchor: "middle",
    ink: FAINT,
  });
}

/** Around the halo: every route's number where there is room, else one at each eighth. */
function routeNumbers(routes: number): string[] {
  const eighths = Array.from({ length: 8 }, (_, index) => 1 + Math.floor((index * routes) / 8));
  const every = Array.from({ length: Math.min(routes, MAX_NUMBERED_ROUTES) }, (_, index) => index + 1);
  return (routes <= MAX_NUMBERED_ROUTES ? every : [...eighths, routes]).map((route) => {
    const { x, y } = pointAt(RADIUS.outer + 15, angleOf(route - 0.5, routes));
    return text(x, y + 4, String(route), { size: 12, anchor: "middle", ink: FAINT });
  });
}

function legend(steps: readonly Step[], title: string): string[] {
  const last = steps.at(-1);
  const routes = last?.owners.length ?? 0;
  const { x, y, rowHeight } = LEGEND;
  const column = { owns: x + 145, moved: x + 240, modHash: x + 340 };
  const shown = last?.counts.slice(0, MAX_LEGEND_NODES) ?? [];
  const rows = shown.map((count, index) => {
    const node = index + 1;
    const top = y + index * rowHeight;
    const moved = node === 1 ? "" : Math.floor(routes / node).toLocaleString("en-US");
    const modHash = node === 1 ? "" : movedByModHash(routes, node).toLocaleString("en-US");
    return [
      `<rect x="${x}" y="${top}" width="22" height="20" rx="4" fill="${paintOf(node).fill}"/>`,
      text(x + 34, top + 15, `node ${node}`, { size: 14 }),
      text(column.owns, top + 15, count.toLocaleString("en-US"), { size: 14, anchor: "end" }),
      text(column.moved, top + 15, moved, { size: 14, weight: 700, anchor: "end" }),
      text(column.modHash, top + 15, modHash, { size: 14, anchor: "end", ink: FAINT }),
    ].join("");
  });
  const rest = (last?.nodes ?? 0) - shown.length;
  const end = y + shown.length * rowHeight;
  const more = [
    `and ${counted(rest, "more node")}, ${spread(last?.counts ?? [0])} ${last?.counts[0] === 1 ? "route" : "routes"} each`,
    ...((last?.nodes ?? 0) > DIFFERENT_PAINTS ? [`the paints begin again after ${DIFFERENT_PAINTS} nodes`] : []),
  ];
  return [
    text(60, 42, title, { size: 24, weight: 600 }),
    text(x, y - 40, "node", { size: 12, ink: FAINT }),
    text(column.owns, y - 40, "owns", { size: 12, anchor: "end", ink: FAINT }),
    text(column.moved, y - 40, "moved when", { size: 12, anchor: "end", ink: FAINT }),
    text(column.moved, y - 24, "it joined", { size: 12, anchor: "end", ink: FAINT }),
    text(column.modHash, y - 40, "moved by", { size: 12, anchor: "end", ink: FAINT }),
    text(column.modHash, y - 24, "route mod n", { size: 12, anchor: "end", ink: FAINT }),
    ...rows,
    ...(rest > 0 ? more.map((line, index) => text(x, end + 16 + index * 18, line, { size: 13, ink: FAINT })) : []),
    text(x, SIZE.height - 40, "A ring is the table with that many nodes.", { size: 13, ink: FAINT }),
    text(x, SIZE.height - 20, "When a node joins, its colour appears; the rest stays.", { size: 13, ink: FAINT }),
  ];
}

function description(steps: readonly Step[]): string {
  const told = steps.map(({ nodes, counts, moves }) => {
    const moved = nodes === 1 ? "" : `, ${moves.length} moved when the last one joined`;
    return `with ${counted(nodes, "node")} each owns ${spread(counts)}${moved}`;
  });
  return `Rings from the inside outwards: ${told.join("; ")}.`;
}

function cellsOf(owners: readonly number[]): { owner: number; first: number; last: number }[] {
  return owners.map((owner, index) => ({ owner, first: index + 1, last: index + 1 }));
}

/** Where a route ends, in radians clockwise from the top; routes 1…n fill the circle but for the gap. */
function angleOf(route: number, routes: number): number {
  return GAP / 2 + ((2 * Math.PI - GAP) * route) / routes;
}

function pointAt(radius: number, angle: number): { x: number; y: number } {
  return { x: CENTRE.x + radius * Math.sin(angle), y: CENTRE.y - radius * Math.cos(angle) };
}

/** The outline of a piece of a ring. */
function arc({ inner, outer }: Ring, from: number, to: number): string {
  const isLarge = to - from > Math.PI ? 1 : 0;
  const at = (radius: number, angle: number) => {
    const { x, y } = pointAt(radius, angle);
    return `${round(x)} ${round(y)}`;
  };
  const [out, back] = [
    `A${round(outer)} ${round(outer)} 0 ${isLarge} 1`,
    `A${round(inner)} ${round(inner)} 0 ${isLarge} 0`,
  ];
  return `M${at(inner, from)}L${at(outer, from)}${out} ${at(outer, to)}L${at(inner, to)}${back} ${at(inner, from)}Z`;
}

interface TextStyle {
  readonly size: number;
  readonly weight?: number;
  readonly anchor?: "middle" | "end";
  readonly ink?: string;
}

/** @param words free of `<` and `&` */
function text(x: number, y: number, words: string, { size, weight = 400, anchor, ink = INK }: TextStyle): string {
  if (words === "") return "";
  const where = `x="${round(x)}" y="${round(y)}"${anchor === undefined ? "" : ` text-anchor="${anchor}"`}`;
  return `<text ${where} font-size="${round(size)}" font-weight="${weight}" fill="${ink}">${words}</text>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}
