import { AckExtension, CometD } from "/cometd/cometd.js";
import { errorText } from "./format.js";
import { FINAL_ERROR, failureOf, isFinal, waitLonger } from "./replies.js";

/**
 * @typedef {"connecting" | "connected" | "reconnecting" | "offline"} State
 * @typedef {{channel: string, data?: unknown, ext?: object, successful?: boolean, error?: string, failure?: unknown,
 *   advice?: {reconnect?: string}}} Message
 * @typedef {object} Owner what a connection tells
 * @property {(state: State, detail: string) => void} onState `detail`: the transport when connected, else why not
 * @property {(room: string, kind: "message" | "presence", message: Message) => void} onMessage
 * @property {(trouble: {type: "gap"} | {type: "refused", text: string} | {type: "entered", room: string} |
 *   {type: "room", room: string, text: string}) => void} onEvent
 */

const RETRY_SUBSCRIBE_MS = 3_000;

/** One name's connection: keeps its session, and one room's subscriptions on every session. */
export class Connection {
  #cometd = new CometD();
  #owner;
  #name;
  #room;
  #isUp = false;
  #isClosed = false;
  /** The browser said so, and nothing has reached us since. */
  #isOffline = false;
  #isTroubleTold = false;
  #sessions = 0;
  /** @type {import("cometd").SubscriptionHandle[]} */
  #subscriptions = [];
  /** @type {number | undefined} */
  #retry;

  /**
   * @param {{name: string, room: string, url: string}} options
   * @param {Owner} owner
   */
  constructor({ name, room, url }, owner) {
    this.#owner = owner;
    this.#name = name;
    this.#room = room;
    this.#cometd.registerExtension("ack", new AckExtension());
    this.#cometd.configure({
      url,
      logLevel: "warn",
      maxBackoff: 8_000,
      maxSendBayeuxMessageSize: 1_048_576,
    });
    this.#cometd.addListener("/meta/handshake", (message) => this.#onHandshake(message));
    this.#cometd.addListener("/meta/connect", (message) => this.#onConnect(message));
    waitLonger(this.#cometd);
    addEventListener("offline", this.#onNetworkChange);
    addEventListener("online", this.#onNetworkChange);
  }

  get isUp() {
    return this.#isUp;
  }

  open() {
    this.#tell();
    this.#cometd.handshake({ ext: { tailspin: { name: this.#name } } });
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    removeEventListener("offline", this.#onNetworkChange);
    removeEventListener("online", this.#onNetworkChange);
    this.#cometd.disconnect();
  }

  /** @param {string} room */
  enter(room) {
    this.#room = room;
    this.#isTroubleTold = false;
    if (this.#sessions > 0 && !this.#cometd.isDisconnected()) this.#subscribe();
  }

  /**
   * @param {string} room
   * @param {object} data
   * @param {(error: string | null) => void} onAnswer null when the network has taken it
   */
  publish(room, data, onAnswer) {
    if (this.#cometd.isDisconnected()) return onAnswer("Not connected.");
    this.#cometd.publish(`/${room}`, data, (reply) => onAnswer(failureOf(reply)));
  }

  /** @param {Message} message */
  #onHandshake(message) {
    if (this.#isClosed) return;
    if (message.successful) {
      this.#isTroubleTold = false;
      if (++this.#sessions > 1) this.#owner.onEvent({ type: "gap" });
      // cometd.js forgets subscriptions with the session.
      this.#subscriptions = [];
      this.#subscribe();
      return;
    }
    this.#isUp = false;
    if (isFinal(message)) this.#owner.onEvent({ type: "refused", text: errorText(message.error) });
    this.#tell(message);
  }

  /** @param {Message} message */
  #onConnect(message) {
    if (this.#isClosed) return;
    const wasShown = this.#isUp && !this.#isOffline;
    this.#isUp = message.successful === true;
    if (this.#isUp) this.#isOffline = false;
    if (!this.#isUp || !wasShown) this.#tell(message);
  }

  /** @param {Event} event */
  #onNetworkChange = (event) => {
    this.#isOffline = event.type === "offline";
    this.#tell();
  };

  /** @param {Message} [reply] what made us tell */
  #tell(reply) {
    const refusal = reply?.error === undefined ? "" : errorText(reply.error);
    if (reply !== undefined && isFinal(reply))
      this.#owner.onState("offline", `${refusal} Reload the page to try again.`);
    else if (this.#isOffline || (!this.#isUp && !navigator.onLine)) this.#owner.onState("offline", "");
    else if (this.#isUp) this.#owner.onState("connected", this.#cometd.getTransport()?.type ?? "");
    else this.#owner.onState(this.#sessions > 0 ? "reconnecting" : "connecting", refusal);
  }

  /** Leaves the room we were in, and enters the one we want, in one batch. */
  #subscribe() {
    clearTimeout(this.#retry);
    const room = this.#room;
    this.#cometd.batch(() => {
      for (const subscription of this.#subscriptions) this.#cometd.unsubscribe(subscription);
      this.#subscriptions = [
        this.#cometd.subscribe(
          `/${room}`,
          (message) => this.#deliver(room, "message", message),
          (reply) => this.#onSubscribed(room, reply),
        ),
        this.#cometd.subscribe(
          `/presence/${room}`,
          (message) => this.#deliver(room, "presence", message),
          (reply) => this.#onSubscribed(room, reply, true),
        ),
      ];
    });
  }

  /**
   * @param {string} room
   * @param {"message" | "presence"} kind
   * @param {Message} message
   */
  #deliver(room, kind, message) {
    if (!this.#isClosed && room === this.#room) this.#owner.onMessage(room, kind, message);
  }

  /**
   * @param {string} room
   * @param {Message} reply
   * @param {boolean} [isPresence]
   */
  #onSubscribed(room, reply, isPresence = false) {
    if (this.#isClosed || room !== this.#room) return;
    if (reply.successful) {
      if (!isPresence) this.#owner.onEvent({ type: "entered", room });
      return;
    }
    // Told once: the next attempts fail for the same reason, until one succeeds in a new session or room.
    if (!this.#isTroubleTold) this.#owner.onEvent({ type: "room", room, text: failureOf(reply) ?? "" });
    this.#isTroubleTold = true;
    if (FINAL_ERROR.test(reply.error ?? "")) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(
      () => (this.#isUp ? this.#subscribe() : this.#onSubscribed(room, reply, isPresence)),
      RETRY_SUBSCRIBE_MS,
    );
  }
}
