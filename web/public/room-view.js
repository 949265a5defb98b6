import { byId } from "./dom.js";
import { Messages } from "./messages.js";
import { showPeople } from "./people.js";
import { showState } from "./state.js";
import { showWhere } from "./where.js";

/** The room on the screen. */
export class Room {
  #messages = new Messages();
  #title;
  #announcer = byId("announcer", HTMLElement);

  /** @param {import("./title.js").Title} title */
  constructor(title) {
    this.#title = title;
  }

  /** @param {string} room */
  enter(room) {
    this.#messages.clear(`Messages in #${room}`);
    // Until the server says it: names on networks follow rules that only it knows.
    showWhere(null);
  }

  /** @param {import("./messages.js").Said} said */
  add(said) {
    this.#messages.add(said);
    if (!said.isOwn) this.#title.count();
  }

  /** @param {string} reason */
  gap(reason) {
    this.note(`Some messages may be missing: ${reason}`, "warning");
  }

  /**
   * @param {string} text
   * @param {"presence" | "info" | "warning"} kind
   */
  note(text, kind) {
    this.#messages.note(text, kind);
  }

  /** @param {Exclude<import("./roster.js").Change, {type: "snapshot"}>} change */
  noteChange(change) {
    const { name } = change.member;
    if (change.type === "renamed") this.note(`${change.formerName} is now ${name}`, "presence");
    else this.note(`${name} ${change.type === "joined" ? "joined" : "left"}`, "presence");
  }

  /** @param {string} text for a screen reader, which cannot see that the page has changed */
  announce(text) {
    this.#announcer.textContent = text;
  }

  /**
   * @param {readonly import("./outbox.js").Pending[]} pending
   * @param {Parameters<Messages["showPending"]>[1]} actions
   */
  showPending(pending, actions) {
    this.#messages.showPending(pending, actions);
    const failed = pending.find((one) => one.state === "failed");
    if (failed !== undefined) this.announce(`Not sent: ${failed.error}`);
  }

  /**
   * @param {readonly import("./roster.js").Member[]} members
   * @param {string} ownName
   */
  showPeople(members, ownName) {
    showPeople(members, ownName);
  }

  /** @param {import("./where.js").Where} where */
  showWhere(where) {
    showWhere(where);
  }

  /**
   * @param {import("./connection.js").State} state
   * @param {string} detail
   */
  showState(state, detail) {
    showState(state, detail);
  }
}
