import { createHash } from "node:crypto";
import type { Publish } from "../bayeux/index.ts";
import type { FaultCounter } from "../link/index.ts";
import type { Exchange } from "./session/downlink.ts";
import type { Session } from "./session/session.ts";

/** What recognising publishes needs. */
export interface ResendsOptions {
  readonly now: () => number;
  /** How long a publish is known whose answer nobody heard. */
  readonly resendWindowMs: number;
  /** How many of them. */
  readonly maxUnheardPublishes: number;
  readonly faults: FaultCounter;
}

/** A publish that is being served, or whose answer nobody heard. */
interface Sent {
  readonly key: string;
  readonly digest: string;
  readonly reply: Promise<string>;
  /** Whoever asked last gets the answer. */
  exchange: Exchange<Session>;
  /** Null while it is being served. */
  untilMs: number | null;
}

/**
 * Recognises a publish that its browser sends again by itself, as faye.js does when a connection broke before the answer,
 * or when the answer took it too long.
 *
 * Ids need not be unique, and a page that is loaded again counts anew: the same message is one with the same id, channel
 * and data, and only while it is being served or where we know that nobody took its answer.
 */
export class Resends {
  readonly #options: ResendsOptions;
  readonly #sent = new Map<string, Sent>();
  readonly #byExchange = new Map<Exchange<Session>, Sent[]>();
  /** Oldest first. */
  readonly #unheard = new Set<Sent>();

  constructor(options: ResendsOptions) {
    this.#options = options;
  }

  /**
   * Serves a publish, unless it has been already.
   *
   * @param serve called at once, or not at all
   * @returns the reply; of a publish that was sent again, the first one's
   */
  serve(
    exchange: Exchange<Session>,
    session: Session,
    request: Publish,
    serve: () => Promise<string>,
  ): Promise<string> {
    if (request.id === undefined) return serve();
    const key = JSON.stringify([session.clientId, request.id]);
    const digest = digestOf(request);
    const known = this.#sent.get(key);
    // What is in one batch twice was meant twice.
    if (known?.digest === digest && known.exchange !== exchange && !this.#isOver(known)) {
      this.#unheard.delete(known);
      known.untilMs = null;
      this.#expect(known, exchange);
      this.#options.faults.count("bridge.resent", "publish sent again recognised", { session: session.label });
      return known.reply;
    }
    if (known) this.#forget(known);
    const sent: Sent = { key, digest, reply: serve(), exchange, untilMs: null };
    this.#sent.set(key, sent);
    this.#expect(sent, exchange);
    return sent.reply;
  }

  /** The exchange's answer was given to its dispatcher, or there was nobody to take it. To be called once for each exchange. */
  settle(exchange: Exchange<Session>): void {
    const all = this.#byExchange.get(exchange);
    if (!all) return;
    this.#byExchange.delete(exchange);
    const isHeard = !exchange.isClosed && !exchange.downlink.isDown;
    for (const sent of all) {
      // Sent again meanwhile, or taken for another message's.
      if (sent.exchange !== exchange || this.#sent.get(sent.key) !== sent) continue;
      if (isHeard) this.#forget(sent);
      else this.#keep(sent);
    }
  }

  #expect(sent: Sent, exchange: Exchange<Session>): void {
    sent.exchange = exchange;
    const others = this.#byExchange.get(exchange);
    if (others) others.push(sent);
    else this.#byExchange.set(exchange, [sent]);
  }

  #keep(sent: Sent): void {
    const { now, resendWindowMs, maxUnheardPublishes } = this.#options;
    sent.untilMs = now() + resendWindowMs;
    this.#unheard.add(sent);
    for (const oldest of this.#unheard) {
      if (this.#unheard.size <= maxUnheardPublishes && !this.#isOver(oldest)) break;
      this.#forget(oldest);
    }
  }

  #isOver({ untilMs }: Sent): boolean {
    return untilMs !== null && untilMs <= this.#options.now();
  }

  #forget(sent: Sent): void {
    this.#unheard.delete(sent);
    this.#sent.delete(sent.key);
  }
}

function digestOf({ channel, data }: Publish): string {
  return createHash("sha256")
    .update(JSON.stringify([channel, data]))
    .digest("base64url");
}
