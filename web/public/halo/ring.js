import { draw } from "./paints.js";
import { movedBetween, runsOf, whole } from "./picture.js";

/**
 * @typedef {import("./picture.js").Picture} Picture
 * @typedef {import("./picture.js").Run} Run
 * @typedef {{runs: Run[], routes: number, step: number, key: string}} Table
 */

const NOW = { inner: 138, outer: 186 };
/** Tables from before, the older the further inside. */
const PAST = { outer: 134, thickness: 14, gap: 3, count: 3 };
const MOVED = { inner: 189, outer: 197 };
const LABEL = { side: 203, end: 207 };

/** The route table as a halo: outside as it is, inside as it was, and at its rim what moved last. */
export class Ring {
  #paints;
  /** @type {Table[]} the newest first */
  #tables = [];

  /** @param {import("./paints.js").Paints} paints */
  constructor(paints) {
    this.#paints = paints;
  }

  /** @param {Picture} picture */
  show(picture) {
    const { routes, step, epoch } = picture;
    const key = JSON.stringify([routes, step, picture.owners]);
    element("ring-epoch").textContent = `epoch ${whole(epoch)}`;
    element("ring-routes").textContent = routes === 1 ? "1 route" : `${whole(routes)} routes`;
    describe(picture);
    if (this.#tables[0]?.key === key) return;
    this.#tables = [{ runs: runsOf(picture), routes, step, key }, ...this.#tables].slice(0, 1 + PAST.count);
    this.#draw();
  }

  /** @param {number | null} node shown alone; null: all of them */
  select(node) {
    for (const path of document.querySelectorAll("#ring-drawn [data-node]"))
      path.classList.toggle("faded", node !== null && path.getAttribute("data-node") !== String(node));
  }

  #draw() {
    const [now, before] = this.#tables;
    if (!now) return;
    const selected = document.querySelector("#bridges [aria-pressed=true]")?.getAttribute("data-node");
    const rings = this.#tables.map((table, index) => {
      const outer = PAST.outer - (index - 1) * (PAST.thickness + PAST.gap);
      return this.#ring(table, index === 0 ? NOW : { outer, inner: outer - PAST.thickness }, index);
    });
    const isAlike = before?.routes === now.routes && before.step === now.step;
    const moved = before && isAlike ? movedBetween(before.runs, now.runs) : [];
    const marks = draw("path", {
      class: "moved",
      "data-testid": "moved",
      "data-routes": String(sizeOf(moved)),
      d: moved.map((run) => arc(run, now.routes, MOVED)).join(""),
    });
    element("ring-drawn").replaceChildren(...rings, marks, ...labels(now.routes));
    element("legend").textContent = legend(this.#tables.length > 1, moved.length > 0, now.step);
    if (selected) this.select(Number(selected));
  }

  /**
   * @param {Table} table
   * @param {{inner: number, outer: number}} radii
   * @param {number} age 0 is now
   */
  #ring({ runs, routes }, radii, age) {
    const group = draw("g", { "data-age": String(age), class: age === 0 ? "now" : "past" });
    const byOwner = Map.groupBy(runs, ({ owner }) => owner);
    for (const [owner, own] of byOwner) {
      const size = sizeOf(own);
      const path = draw("path", {
        fill: this.#paints.of(owner),
        d: own.map((run) => arc(run, routes, radii)).join(""),
        "data-node": String(owner),
        "data-routes": String(size),
      });
      const title = draw("title", {});
      title.textContent = `${owner === 0 ? "nobody" : `bridge ${owner}`}: ${whole(size)} of ${whole(routes)} routes`;
      path.append(title);
      group.append(path);
    }
    for (const radius of [radii.inner, radii.outer]) group.append(draw("circle", { class: "edge", r: String(radius) }));
    return group;
  }
}

/** @param {Picture} picture */
function describe({ epoch, routes, bridges, more }) {
  const owning = bridges.filter((bridge) => bridge.routes > 0);
  const rest = more === null || more.routes === 0 ? [] : [`${whole(more.bridges)} more: ${whole(more.routes)}`];
  const each = [...owning.map((bridge) => `bridge ${bridge.node}: ${whole(bridge.routes)}`), ...rest];
  const text = `Epoch ${epoch}. ${whole(routes)} routes; ${each.length === 0 ? "nobody owns them" : each.join(", ")}.`;
  const place = element("ring-text");
  if (place.textContent !== text) place.textContent = text;
}

/**
 * @param {boolean} hasPast
 * @param {boolean} hasMoved
 * @param {number} step
 */
function legend(hasPast, hasMoved, step) {
  return [
    ...(hasPast ? ["Inside is how it was before."] : []),
    ...(hasMoved ? ["The marks at the rim are the routes that moved last."] : []),
    ...(step > 1 ? [`One of ${step} routes is shown.`] : []),
  ].join(" ");
}

/** @param {number} routes */
function labels(routes) {
  return [0, 1, 2, 3].map((quarter) => {
    const route = 1 + Math.floor((quarter * routes) / 4);
    const { x, y } = pointAt(quarter % 2 === 1 ? LABEL.side : LABEL.end, (quarter * Math.PI) / 2);
    // At the sides beyond the rim, so that it can be read on no colour.
    const anchor = quarter === 1 ? "start" : quarter === 3 ? "end" : "middle";
    const label = draw("text", { class: "label", x: round(x), y: round(y + 4), "text-anchor": anchor });
    label.textContent = whole(route);
    return label;
  });
}

/** @param {readonly Run[]} runs */
function sizeOf(runs) {
  return runs.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/**
 * The outline of a piece of a ring; a whole one in two halves, since an arc that ends where it begins is nothing.
 *
 * @param {Run} run
 * @param {number} routes
 * @param {{inner: number, outer: number}} radii
 * @returns {string}
 */
function arc({ first, last }, routes, { inner, outer }) {
  const [from, to] = [angleOf(first - 1, routes), angleOf(last, routes)];
  if (to - from > Math.PI * 1.5) {
    const middle = Math.floor((first + last) / 2);
    if (middle > first - 1 && middle < last) {
      const halves = [
        { owner: 0, first, last: middle },
        { owner: 0, first: middle + 1, last },
      ];
      return halves.map((half) => arc(half, routes, { inner, outer })).join("");
    }
    return `M0 ${-outer}A${outer} ${outer} 0 1 1 0 ${outer}A${outer} ${outer} 0 1 1 0 ${-outer}ZM0 ${-inner}A${inner} ${inner} 0 1 0 0 ${inner}A${inner} ${inner} 0 1 0 0 ${-inner}Z`;
  }
  const isLarge = to - from > Math.PI ? 1 : 0;
  /** @param {number} radius @param {number} angle */
  const at = (radius, angle) => {
    const { x, y } = pointAt(radius, angle);
    return `${round(x)} ${round(y)}`;
  };
  const there = `A${outer} ${outer} 0 ${isLarge} 1 ${at(outer, to)}`;
  const back = `A${inner} ${inner} 0 ${isLarge} 0 ${at(inner, from)}`;
  return `M${at(inner, from)}L${at(outer, from)}${there}L${at(inner, to)}${back}Z`;
}

/**
 * @param {number} route
 * @param {number} routes
 */
function angleOf(route, routes) {
  return (2 * Math.PI * route) / routes;
}

/**
 * @param {number} radius
 * @param {number} angle clockwise from the top
 */
function pointAt(radius, angle) {
  return { x: radius * Math.sin(angle), y: -radius * Math.cos(angle) };
}

/** @param {number} value */
function round(value) {
  return String(Math.round(value * 100) / 100);
}

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html lacks #${id}`);
  return found;
}
