import { CometD } from "/cometd/cometd.js";
import { errorText } from "../format.js";
import { FINAL_ERROR, isFinal } from "../replies.js";

/**
 * @typedef {import("./picture.js").Picture} Picture
 * @typedef {object} Owner
 * @property {(state: "connecting" | "connected" | "reconnecting" | "offline", detail: string) => void} onState
 *   `detail`: the transport when connected, else why not
 * @property {(picture: Picture) => void} onPicture
 * @property {(text: string) => void} onRefused the stack does not show itself
 */

const CHANNEL = "/halo";
const RETRY_MS = 3_000;

/** Follows the channel of the stack, by any session and whatever happens. */
export class Connection {
  #owner;
  /** @type {CometD | null} */
  #cometd = null;
  #hadSession = false;
  #isUp = false;
  /** @type {number | undefined} */
  #retry;

  /** @param {Owner} owner */
  constructor(owner) {
    this.#owner = owner;
  }

  open() {
    const cometd = new CometD();
    this.#cometd = cometd;
    cometd.configure({ url: `${location.origin}/bayeux`, logLevel: "warn", maxBackoff: 8_000 });
    cometd.addListener("/meta/handshake", (reply) => {
      if (cometd !== this.#cometd) return;
      if (!reply.successful) return this.#onState(false, reply);
      this.#hadSession = true;
      // cometd.js forgets subscriptions with the session.
      this.#subscribe(cometd);
    });
    cometd.addListener("/meta/connect", (reply) => {
      if (cometd === this.#cometd && !cometd.isDisconnected()) this.#onState(reply.successful === true, reply);
    });
    this.#owner.onState("connecting", "");
    cometd.handshake();
  }

  close() {
    clearTimeout(this.#retry);
    this.#cometd?.disconnect();
    this.#cometd = null;
  }

  /** @param {CometD} cometd */
  #subscribe(cometd) {
    clearTimeout(this.#retry);
    const session = cometd.getClientId();
    cometd.subscribe(
      CHANNEL,
      ({ data }) => cometd === this.#cometd && this.#owner.onPicture(data),
      (reply) => {
        if (cometd !== this.#cometd || reply.successful || cometd.getClientId() !== session) return;
        const error = reply.error ?? "";
        if (FINAL_ERROR.test(error)) this.#owner.onRefused(`${errorText(error)}.`);
        else this.#retry = setTimeout(() => this.#isUp && this.#subscribe(cometd), RETRY_MS);
      },
    );
  }

  /**
   * @param {boolean} isUp
   * @param {{successful?: boolean, error?: string, advice?: {reconnect?: string}, channel: string}} reply
   */
  #onState(isUp, reply) {
    this.#isUp = isUp;
    if (isUp) return this.#owner.onState("connected", this.#cometd?.getTransport()?.type ?? "");
    const why = reply.error === undefined ? "" : errorText(reply.error);
    if (isFinal(reply)) this.#owner.onState("offline", `${why} Reload the page to try again.`);
    else this.#owner.onState(this.#hadSession ? "reconnecting" : "connecting", why);
  }
}
