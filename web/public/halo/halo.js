import { byId } from "../dom.js";
import { Connection } from "./connection.js";
import { Events } from "./events.js";
import { Figures } from "./figures.js";
import { Paints } from "./paints.js";
import { Ring } from "./ring.js";

/** @typedef {import("./picture.js").Picture} Picture */

const STATES = {
  connecting: "Connecting …",
  connected: "Live over",
  reconnecting: "Connection lost, trying again …",
  offline: "Not connected.",
};

const paints = await Paints.load();
const ring = new Ring(paints);
const figures = new Figures(paints, (node) => ring.select(node));
const events = new Events();
const connection = new Connection({ onState, onPicture, onRefused });

// Others see us leave at once; and a page that comes back from the browser's cache connects anew.
addEventListener("pagehide", () => connection.close());
addEventListener("pageshow", (event) => event.persisted && connection.open());
connection.open();

/**
 * @param {keyof typeof STATES} state
 * @param {string} detail
 */
function onState(state, detail) {
  const shown = byId("state", HTMLElement);
  shown.dataset["state"] = state;
  const text = `${STATES[state]} ${detail}`.trim();
  if (shown.textContent !== text) shown.textContent = text;
  byId("shown", HTMLElement).dataset["state"] = state;
}

/** @param {Picture} picture */
function onPicture(picture) {
  byId("waiting", HTMLElement).hidden = true;
  byId("shown", HTMLElement).hidden = false;
  notice(noticeOf(picture));
  ring.show(picture);
  figures.show(picture);
  events.show(picture);
}

/** @param {string} text */
function onRefused(text) {
  byId("waiting", HTMLElement).hidden = true;
  byId("shown", HTMLElement).hidden = true;
  notice(text);
}

/** @param {string} text */
function notice(text) {
  const shown = byId("notice", HTMLElement);
  shown.hidden = text === "";
  if (shown.textContent !== text) shown.textContent = text;
}

/**
 * What somebody must know to read it rightly.
 *
 * @param {Picture} picture
 */
function noticeOf({ source, isCurrent, bridge, bridges }) {
  if (!isCurrent) return "HaloD is away: nothing moves meanwhile, and everything else works. This is how it was last.";
  if (source === "halod") return "";
  const whose = bridges.length > 1 ? ` Sessions and messages are those of bridge ${bridge} alone.` : "";
  return `There is no HaloD here: the table stays as it is while the stack runs.${whose}`;
}
