import { Connection } from "./connection.js";
import { contentOf, parseTime } from "./format.js";
import { gapOf, Gaps } from "./gaps.js";
import { Outbox } from "./outbox.js";
import { Roster } from "./roster.js";
import { whereOf } from "./where.js";

/** @typedef {import("./outbox.js").Pending} Pending */

/** What we are called, where we are, what we said, and the connection that carries it. */
export class Session {
  name = "";
  room = "";
  #view;
  #owner;
  #outbox = new Outbox();
  #roster = new Roster();
  #gaps = new Gaps();
  /** @type {Connection | null} */
  #connection = null;

  /**
   * @param {import("./room-view.js").Room} view
   * @param {{onRefused: (problem: string) => void}} owner
   */
  constructor(view, owner) {
    this.#view = view;
    this.#owner = owner;
  }

  /** @param {string} name */
  rename(name) {
    const former = this.name;
    this.name = name;
    if (former === name && this.#connection !== null) return;
    if (former !== "") this.#view.note(`You are ${name} now. What was said during the change is not shown.`, "info");
    // A name belongs to the session on the server, so a new name is a new session.
    this.close();
    this.open();
  }

  open() {
    const { name, room } = this;
    const connection = new Connection(
      { name, room, url: `${location.origin}/bayeux` },
      {
        onState: (state, detail) => this.#onState(state, detail),
        onMessage: (room, kind, message) =>
          kind === "message" ? this.#onMessage(room, message) : this.#onPresence(message),
        onEvent: (event) => this.#onEvent(event),
      },
    );
    this.#connection = connection;
    connection.open();
  }

  close() {
    this.#connection?.close();
    this.#connection = null;
  }

  /** @param {string} room */
  enter(room) {
    this.#outbox.leave(this.room);
    this.room = room;
    this.#roster.clear();
    this.#gaps.close();
    this.#view.enter(room);
    this.#showPeople();
    this.#showPending();
    this.#connection?.enter(room);
  }

  /**
   * @param {string} text
   * @param {boolean} isAction
   * @returns {string | null} why not, in words
   */
  say(text, isAction) {
    if (this.#outbox.isFull) return "Too many messages wait already; this one is kept here.";
    this.#send(this.#outbox.add({ room: this.room, from: this.name, text, isAction }));
    return null;
  }

  /** @param {Pending} pending */
  #send(pending) {
    const connection = this.#connection;
    if (connection === null || !connection.isUp) pending.state = "waiting";
    else {
      pending.state = "sending";
      pending.from = this.name;
      const { text, isAction, room } = pending;
      connection.publish(room, isAction ? { text, action: true } : { text }, (error) => this.#onAnswer(pending, error));
    }
    this.#showPending();
  }

  /**
   * @param {Pending} pending
   * @param {string | null} error
   */
  #onAnswer(pending, error) {
    pending.state = error === null ? "sent" : "failed";
    pending.error = error ?? "";
    if (pending.room !== this.room) {
      this.#outbox.leave(pending.room);
      if (error !== null) this.#view.note(`A message to #${pending.room} was not sent: ${error}`, "warning");
    }
    this.#showPending();
  }

  /**
   * @param {import("./connection.js").State} state
   * @param {string} detail
   */
  #onState(state, detail) {
    this.#view.showState(state, detail);
    if (state === "connected") for (const pending of this.#outbox.waiting()) this.#send(pending);
  }

  /**
   * @param {string} room
   * @param {import("./connection.js").Message} message
   */
  #onMessage(room, message) {
    const ext = tailspinOf(message.ext);
    if (ext.gap === true) return this.#onGap(gapOf(message.data));
    this.#gaps.close();
    const content = contentOf(message.data);
    const from = typeof ext.from === "string" && ext.from !== "" ? ext.from : "somebody";
    const isOwn = !content.isJson && this.#outbox.takeCopy(room, from, content.text);
    this.#view.add({ ...content, from, isOwn, time: parseTime(ext.time, new Date()) });
    if (isOwn) this.#showPending();
  }

  /** @param {import("./gaps.js").Gap} gap */
  #onGap(gap) {
    if (this.#gaps.isNew(gap)) this.#view.gap(gap.reason);
  }

  /** @param {import("./connection.js").Message} message */
  #onPresence(message) {
    const where = whereOf(message.data);
    if (where !== null) this.#view.showWhere(where);
    const change = this.#roster.apply(message.data);
    this.#showPeople();
    if (change !== null && change.type !== "snapshot" && !this.#isUs(change)) this.#view.noteChange(change);
  }

  /** @param {Parameters<import("./connection.js").Owner["onEvent"]>[0]} event */
  #onEvent(event) {
    switch (event.type) {
      case "gap":
        return this.#view.gap("the connection was away for longer than the server keeps messages.");
      case "refused":
        return this.#owner.onRefused(event.text);
      case "room":
        return this.#view.note(`#${event.room} cannot be entered now: ${event.text}`, "warning");
      case "entered":
        return this.#view.announce(`You are in #${event.room}`);
    }
  }

  /** @param {Exclude<import("./roster.js").Change, {type: "snapshot"}>} change */
  #isUs(change) {
    return change.member.network === "web" && change.member.name === this.name;
  }

  #showPeople() {
    this.#view.showPeople(this.#roster.members(), this.name);
  }

  #showPending() {
    this.#view.showPending(this.#outbox.ofRoom(this.room), {
      onRetry: (pending) => this.#send(pending),
      onDiscard: (pending) => {
        this.#outbox.remove(pending);
        this.#showPending();
      },
    });
  }
}

/**
 * What our server adds to a message.
 *
 * @param {object | undefined} ext
 * @returns {{from?: unknown, time?: unknown, gap?: unknown}}
 */
function tailspinOf(ext) {
  const ours = ext !== undefined && "tailspin" in ext ? ext.tailspin : undefined;
  return typeof ours === "object" && ours !== null ? ours : {};
}
