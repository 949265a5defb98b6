import { BayeuxError, successReply } from "../bayeux/index.ts";
import type { Publish } from "../bayeux/index.ts";
import type { Channel } from "./channel/channel.ts";
import type { Channels } from "./channel/channels.ts";
import { Deadlines } from "./session/deadlines.ts";
import type { Due } from "./session/deadlines.ts";
import type { Session } from "./session/session.ts";

/** What calling apps needs. */
export interface CallsOptions {
  readonly channels: Channels;
  readonly now: () => number;
  /** Cryptographically random. */
  readonly randomBytes: (count: number) => Buffer;
  readonly callTimeoutMs: number;
  readonly maxCalls: number;
  readonly maxCallsPerSession: number;
}

/** A question on its way to an app. */
interface Call extends Due {
  readonly id: string;
  readonly name: string;
  readonly session: Session;
  /** Kept joined for the answer. */
  channel: Channel | null;
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const ID_BYTES = 16;
const MAX_ERROR_LENGTH = 500;

/**
 * Rule 11, `/service/**`: what a browser publishes there is a question, said in the network's channel as
 * `{"call": id, "from": name, "data": …}`; the first `{"reply": id, "data": …}` from the network goes to the asker alone.
 */
export class Calls {
  readonly #options: CallsOptions;
  readonly #pending = new Map<string, Call>();
  readonly #perSession = new Map<Session, Set<Call>>();
  readonly #deadlines: Deadlines<Call>;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.now, (due) => {
      for (const call of due) call.reject(new BayeuxError("unanswered", [call.name]));
    });
  }

  get size(): number {
    return this.#pending.size;
  }

  start(): void {
    this.#deadlines.start();
  }

  stop(): void {
    this.#deadlines.stop();
    for (const call of this.#pending.values()) call.reject(new BayeuxError("unavailable", [call.name]));
  }

  /**
   * Asks, and resolves with two messages: the publish's reply, and the answer, which bears the same id. cometd.js ends its wait
   * for a reply only at a message without data, and its `remoteCall` at one with data.
   *
   * @throws BayeuxError
   */
  async serve(session: Session, request: Publish): Promise<string> {
    const data = await this.#ask(session, request);
    return `${successReply(request)},${successReply(request, { data })}`;
  }

  /** Somebody on the network has said something in a service channel. What is no answer to a call of ours is not for us. */
  onMessage(name: string, said: unknown): void {
    if (typeof said !== "object" || said === null || !("reply" in said) || typeof said.reply !== "string") return;
    const call = this.#pending.get(said.reply);
    if (call?.name !== name) return;
    if (!("error" in said)) return call.resolve("data" in said ? said.data : null);
    const text = typeof said.error === "string" ? said.error : JSON.stringify(said.error);
    call.reject(new BayeuxError("callFailed", [name], text.slice(0, MAX_ERROR_LENGTH)));
  }

  /** A session ended: nobody waits for its answers. */
  endAll(session: Session): void {
    for (const call of this.#perSession.get(session) ?? []) call.reject(new BayeuxError("sessionUnknown"));
  }

  async #ask(session: Session, { channel: name, data }: Publish): Promise<unknown> {
    const { now, randomBytes, callTimeoutMs, maxCalls, maxCallsPerSession } = this.#options;
    if (name === "/service") throw new BayeuxError("unknownChannel", [name]);
    if (this.#pending.size >= maxCalls) throw new BayeuxError("unavailable", ["calls", String(maxCalls)]);
    const others = this.#perSession.get(session) ?? new Set();
    if (others.size >= maxCallsPerSession) {
      throw new BayeuxError("tooMany", ["calls per session", String(maxCallsPerSession)]);
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = randomBytes(ID_BYTES).toString("base64url");
    const call: Call = { id, name, session, channel: null, resolve, reject, dueTick: 0 };
    this.#pending.set(id, call);
    this.#perSession.set(session, others.add(call));
    this.#deadlines.set(call, now() + callTimeoutMs);
    this.#say(call, data).catch(reject);
    try {
      return await promise;
    } finally {
      this.#forget(call);
    }
  }

  async #say(call: Call, data: unknown): Promise<void> {
    const { channels } = this.#options;
    const { id, name, session } = call;
    await channels.withJoined([name], ([channel]) => {
      if (!channel || !this.#pending.has(id)) return;
      if (channel.network.members(name).length === 0) {
        throw new BayeuxError("unknownChannel", [name], "Nobody is there to answer");
      }
      channel.users += 1;
      call.channel = channel;
    });
    if (!this.#pending.has(id)) return;
    await channels.publish(name, { data: { call: id, from: session.name, data }, from: null, originId: id });
  }

  #forget(call: Call): void {
    const { id, session, channel } = call;
    this.#pending.delete(id);
    this.#deadlines.clear(call);
    const others = this.#perSession.get(session);
    others?.delete(call);
    if (others?.size === 0) this.#perSession.delete(session);
    if (!channel) return;
    channel.users -= 1;
    channel.touch();
  }
}
