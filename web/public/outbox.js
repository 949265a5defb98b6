import { stripControls } from "./format.js";

/**
 * A message on its way. `waiting`: no connection yet; `sending`: no answer yet; `sent`: accepted, its copy has not come
 * yet; `failed`: with the reason in `error`.
 *
 * @typedef {{id: number, room: string, from: string, text: string, isAction: boolean,
 *   state: "waiting" | "sending" | "sent" | "failed", error: string}} Pending
 */

const MAX_PENDING = 50;

/** What we said and have not seen come back; each leaves when its copy arrives, which is the one in everybody's order. */
export class Outbox {
  /** @type {Pending[]} */
  #pending = [];
  #lastId = 0;

  get isFull() {
    return this.#pending.length >= MAX_PENDING;
  }

  /**
   * @param {{room: string, from: string, text: string, isAction: boolean}} message
   * @returns {Pending}
   */
  add(message) {
    const pending = { ...message, id: ++this.#lastId, state: /** @type {const} */ ("waiting"), error: "" };
    this.#pending.push(pending);
    return pending;
  }

  /** @param {Pending} pending */
  remove(pending) {
    this.#pending = this.#pending.filter((other) => other !== pending);
  }

  /** @param {string} room */
  ofRoom(room) {
    return this.#pending.filter((pending) => pending.room === room);
  }

  waiting() {
    return this.#pending.filter((pending) => pending.state === "waiting");
  }

  /**
   * Forgets accepted messages of a room we left, since their copies will not reach us.
   *
   * @param {string} room
   */
  leave(room) {
    this.#pending = this.#pending.filter((pending) => pending.room !== room || pending.state !== "sent");
  }

  /**
   * Takes out the message that has come back.
   *
   * @param {string} room
   * @param {string} from
   * @param {string} text as it came
   * @returns {boolean} whether it is ours
   */
  takeCopy(room, from, text) {
    const ours = this.#pending.filter((pending) => pending.room === room && pending.from === from);
    const found =
      ours.find((pending) => pending.state !== "waiting" && plain(pending.text) === plain(text)) ??
      // A network may have changed the text; then the oldest accepted one it is.
      ours.find((pending) => pending.state === "sent");
    if (found !== undefined) this.remove(found);
    return found !== undefined;
  }
}

/** @param {string} text */
function plain(text) {
  return stripControls(text).replace(/\s+/g, " ").trim();
}
