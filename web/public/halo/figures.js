import { byId, create } from "../dom.js";
import { rate, whole } from "./picture.js";

/**
 * @typedef {import("./picture.js").Picture} Picture
 * @typedef {import("./picture.js").Bridge} Bridge
 */

const COLUMNS = /** @type {const} */ (["state", "routes", "sessions", "heard", "delivered"]);

/** The numbers of bridges and dispatchers; rows stay where they are, so that nobody loses a place on the page. */
export class Figures {
  #paints;
  #onSelect;
  /** @type {Map<number, HTMLTableRowElement>} */
  #rows = new Map();
  /** @type {number | null} */
  #selected = null;

  /**
   * @param {import("./paints.js").Paints} paints
   * @param {(node: number | null) => void} onSelect
   */
  constructor(paints, onSelect) {
    this.#paints = paints;
    this.#onSelect = onSelect;
  }

  /** @param {Picture} picture */
  show({ bridges, more, dispatchers, moreDispatchers, bridge: ours }) {
    for (const [node, row] of this.#rows) {
      if (bridges.some((bridge) => bridge.node === node)) continue;
      row.remove();
      this.#rows.delete(node);
      if (node === this.#selected) this.#select(null);
    }
    const body = byId("bridges", HTMLElement);
    bridges.forEach((bridge, index) => {
      const row = this.#rows.get(bridge.node) ?? this.#makeRow(bridge.node);
      if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
      row.dataset["state"] = bridge.state;
      row.querySelector(".ours")?.toggleAttribute("hidden", bridge.node !== ours);
      fill(row, bridge);
    });
    byId("bridges-sum", HTMLElement).replaceChildren(...sums(bridges, more));
    byId("dispatchers", HTMLElement).replaceChildren(
      ...dispatchers.map(({ number, connections }) => dispatcherRow(`dispatcher ${number}`, connections)),
      ...(moreDispatchers === null
        ? []
        : [dispatcherRow(`${whole(moreDispatchers.dispatchers)} more`, moreDispatchers.connections)]),
    );
  }

  /** @param {number} node */
  #makeRow(node) {
    const button = create("button", { type: "button", "aria-pressed": "false", "data-node": String(node) });
    const ours = create("span", { class: "ours", title: "tells this page" }, "this page");
    button.append(this.#paints.swatch(node), create("span", { class: "word" }, "bridge "), String(node));
    button.addEventListener("click", () => this.#select(this.#selected === node ? null : node));
    const head = create("th", { scope: "row" }, button, ours);
    const cells = COLUMNS.map((name) => create("td", { "data-of": name, class: name === "state" ? "" : "number" }));
    const row = create("tr", { "data-testid": "bridge", "data-node": String(node) }, head, ...cells);
    this.#rows.set(node, row);
    return row;
  }

  /** @param {number | null} node */
  #select(node) {
    this.#selected = node;
    for (const button of document.querySelectorAll("#bridges button"))
      button.setAttribute("aria-pressed", String(button.getAttribute("data-node") === String(node)));
    this.#onSelect(node);
  }
}

/**
 * @param {HTMLTableRowElement} row
 * @param {Omit<Bridge, "node" | "state"> & {state: string}} bridge
 */
function fill(row, { state, routes, sessions, heard, delivered }) {
  const texts = {
    state,
    routes: whole(routes),
    sessions: count(sessions),
    heard: rate(heard),
    delivered: rate(delivered),
  };
  for (const name of COLUMNS) {
    const cell = row.querySelector(`[data-of=${name}]`);
    if (cell !== null && cell.textContent !== texts[name]) cell.textContent = texts[name];
  }
}

/**
 * The bridges that have no row of their own, and all of them.
 *
 * @param {readonly Bridge[]} bridges
 * @param {Picture["more"]} more
 */
function sums(bridges, more) {
  /** @param {"routes" | "sessions" | "heard" | "delivered"} key */
  const all = (key) => bridges.reduce((sum, bridge) => sum + (bridge[key] ?? 0), more?.[key] ?? 0);
  const total = { routes: all("routes"), sessions: all("sessions"), heard: all("heard"), delivered: all("delivered") };
  return [
    ...(more === null ? [] : [sumRow(`${whole(more.bridges)} more`, more)]),
    ...(bridges.length > 1 ? [sumRow("all", total)] : []),
  ];
}

/**
 * @param {string} name
 * @param {{routes: number, sessions: number, heard: number, delivered: number}} sum
 */
function sumRow(name, sum) {
  const cells = COLUMNS.map((column) => create("td", { "data-of": column, class: column === "state" ? "" : "number" }));
  const row = create("tr", { "data-testid": "sum" }, create("th", { scope: "row" }, name), ...cells);
  fill(row, { state: "", ...sum });
  return row;
}

/**
 * @param {string} name
 * @param {number | null} connections
 */
function dispatcherRow(name, connections) {
  const cell = create("td", { class: "number" }, count(connections));
  return create("tr", { "data-testid": "dispatcher" }, create("th", { scope: "row" }, name), cell);
}

/** @param {number | null} value */
function count(value) {
  return value === null ? "–" : whole(value);
}
