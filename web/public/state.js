import { byId } from "./dom.js";

/** @type {Record<string, string>} */
const TRANSPORTS = { websocket: "websocket", "long-polling": "long polling", "callback-polling": "callback polling" };

/**
 * Shows the connection's state in one plain sentence.
 *
 * @param {import("./connection.js").State} state
 * @param {string} detail
 */
export function showState(state, detail) {
  const element = byId("state", HTMLElement);
  const text = sentence(state, detail);
  element.dataset.state = state;
  // A screen reader would read the same words again.
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {import("./connection.js").State} state
 * @param {string} detail
 */
function sentence(state, detail) {
  switch (state) {
    case "connecting":
      return detail === "" ? "Connecting…" : `Connecting… ${detail}`;
    case "connected":
      return `Connected over ${TRANSPORTS[detail] ?? detail}`;
    case "reconnecting":
      return `Connection lost, trying again… ${detail}`.trim();
    case "offline":
      return detail === "" ? "This device is offline; we come back by ourselves." : detail;
  }
}
