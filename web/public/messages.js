import { byId, create } from "./dom.js";
import { dayLabel, isGrouped, isSameDay } from "./format.js";
import { actionLine, messageLine, pendingLine } from "./lines.js";

const MAX_LINES = 500;
const NEAR_BOTTOM_PX = 48;

/**
 * @typedef {{from: string, text: string, time: Date, isOwn: boolean, isAction: boolean, isJson: boolean}} Said
 * @typedef {import("./outbox.js").Pending} Pending
 */

/** The list of messages: follows the newest while its reader is at the end, and leaves them alone otherwise. */
export class Messages {
  #log = byId("log", HTMLElement);
  #lines = byId("lines", HTMLElement);
  #pending = byId("pending", HTMLElement);
  #empty = byId("empty", HTMLElement);
  #button = byId("new-messages", HTMLButtonElement);
  #isAtEnd = true;
  #unseen = 0;
  /** @type {Said | null} */
  #last = null;
  /** @type {Date | null} */
  #day = null;

  constructor() {
    this.#log.addEventListener("scroll", () => this.#onScroll());
    this.#button.addEventListener("click", () => {
      this.scrollToEnd();
      this.#log.focus();
    });
    // A phone's keyboard, or a growing composer, must not hide the last line.
    new ResizeObserver(() => this.#isAtEnd && this.scrollToEnd()).observe(this.#log);
  }

  /** @param {string} label */
  clear(label) {
    this.#lines.replaceChildren();
    this.#log.setAttribute("aria-label", label);
    this.#last = null;
    this.#day = null;
    this.#empty.hidden = false;
    this.scrollToEnd();
  }

  /** @param {Said} said */
  add(said) {
    this.#empty.hidden = true;
    this.#beginDay(said.time);
    const isContinued = !said.isAction && isGrouped(this.#last, said);
    this.#append(said.isAction ? actionLine(said) : messageLine(said, isContinued));
    this.#last = said.isAction ? null : said;
    if (said.isOwn) this.scrollToEnd();
    else if (!this.#isAtEnd) this.#countUnseen();
  }

  /**
   * A line that nobody said.
   *
   * @param {string} text
   * @param {"presence" | "info" | "warning"} kind
   */
  note(text, kind) {
    this.#last = null;
    this.#append(create("p", { class: `note ${kind}`, "data-testid": kind === "warning" ? "gap" : "note" }, text));
  }

  /**
   * @param {readonly Pending[]} pending
   * @param {{onRetry: (pending: Pending) => void, onDiscard: (pending: Pending) => void}} actions
   */
  showPending(pending, actions) {
    const isLonger = pending.length > this.#pending.childElementCount;
    if (pending.length > 0) this.#empty.hidden = true;
    this.#pending.replaceChildren(...pending.map((one) => pendingLine(one, actions)));
    if (this.#isAtEnd || isLonger) this.scrollToEnd();
  }

  scrollToEnd() {
    this.#isAtEnd = true;
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#unseen = 0;
    this.#button.hidden = true;
  }

  /** @param {HTMLElement} line */
  #append(line) {
    this.#lines.append(line);
    while (this.#lines.childElementCount > MAX_LINES) this.#lines.firstElementChild?.remove();
    if (this.#isAtEnd) this.scrollToEnd();
  }

  /** @param {Date} time */
  #beginDay(time) {
    if (this.#day !== null && isSameDay(this.#day, time)) return;
    this.#day = time;
    this.#append(create("p", { class: "day" }, create("span", {}, dayLabel(time, new Date()))));
  }

  #countUnseen() {
    this.#unseen += 1;
    this.#button.textContent = `${this.#unseen} new ${this.#unseen === 1 ? "message" : "messages"} ↓`;
    this.#button.hidden = false;
  }

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    if (!this.#isAtEnd) return;
    this.#unseen = 0;
    this.#button.hidden = true;
  }
}
