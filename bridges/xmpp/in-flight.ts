import { NetworkError } from "../network.ts";
import type { XmppConfig } from "./config.ts";
import type { Refusal } from "./stanzas.ts";

/** A message that was sent, and has not come back. */
export interface Sent {
  readonly room: string;
  /** Who has said it, in the room. */
  readonly nick: string;
  readonly originId: string;
  readonly bytes: number;
  /** When its publisher is told that nobody knows; milliseconds. */
  readonly deadlineMs: number;
  /** Archive id of the last message that the room had shown before it, or null. Set when the connection is lost. */
  afterId: string | null;
  resolve(): void;
  reject(error: NetworkError): void;
}

/** Messages on their way: each is settled once, by its reflection, an error, the archive, or its deadline. */
export class InFlight {
  readonly #config: XmppConfig;
  /** On this connection, by stanza id. */
  readonly #sent = new Map<string, Sent>();
  /** Of connections that were lost: only an archive knows what became of them. */
  readonly #lost = new Set<Sent>();
  #bytes = 0;

  constructor(config: XmppConfig) {
    this.#config = config;
  }

  /**
   * Notes a message just before it is written.
   *
   * @throws NetworkError `unavailable` when too much is under way
   */
  add(id: string, message: Pick<Sent, "room" | "nick" | "originId" | "bytes" | "deadlineMs">): Promise<void> {
    const { maxPending, maxPendingBytes } = this.#config;
    const isFull = this.#bytes + message.bytes > maxPendingBytes && this.#bytes > 0;
    if (isFull || this.#sent.size + this.#lost.size >= maxPending) {
      return Promise.reject(new NetworkError("unavailable", "too many messages are on their way to the XMPP server"));
    }
    this.#bytes += message.bytes;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#sent.set(id, { ...message, afterId: null, resolve, reject });
    return promise;
  }

  /** It has been noted, and is not settled. */
  has(id: string): boolean {
    return this.#sent.has(id);
  }

  /** The room has shown it to us. */
  onReflection(room: string, id: string): void {
    this.#take(room, id)?.resolve();
  }

  /** The room has refused it. */
  onRefusal(room: string, id: string, { condition, words }: Refusal): void {
    // XEP-0045 §7.4: we are not in the room any more, and have not noticed yet. It can be said again when we are back.
    const kind = condition === "not-acceptable" ? "unavailable" : "refused";
    this.#take(room, id)?.reject(new NetworkError(kind, words));
  }

  /** @param lastIdOf the archive id of the last message that a room has shown */
  onDisconnected(lastIdOf: (room: string) => string | null): void {
    for (const sent of this.#sent.values()) {
      sent.afterId = lastIdOf(sent.room);
      this.#lost.add(sent);
    }
    this.#sent.clear();
  }

  /** Messages to this room whose fate only the archive knows. */
  lostIn(room: string): readonly Sent[] {
    return [...this.#lost].filter((sent) => sent.room === room);
  }

  /** The archive has told; null: it has the message. */
  settleLost(sent: Sent, error: NetworkError | null): void {
    if (!this.#lost.delete(sent)) return;
    this.#bytes -= sent.bytes;
    if (error === null) sent.resolve();
    else sent.reject(error);
  }

  sweep(nowMs: number): void {
    for (const [id, sent] of this.#sent) {
      // Deadlines come in the order of sending.
      if (nowMs < sent.deadlineMs) break;
      this.#take(sent.room, id)?.reject(new NetworkError("unknown", "the message did not come back in time"));
    }
    for (const sent of this.#lost) {
      if (nowMs >= sent.deadlineMs) {
        this.settleLost(sent, new NetworkError("unknown", "the connection was lost after the message was sent"));
      }
    }
  }

  /** Nothing will be heard any more. */
  close(): void {
    this.onDisconnected(() => null);
    for (const sent of this.#lost) this.settleLost(sent, new NetworkError("unknown", "the bridge was stopped"));
  }

  #take(room: string, id: string): Sent | undefined {
    const sent = this.#sent.get(id);
    if (sent?.room !== room) return undefined;
    this.#sent.delete(id);
    this.#bytes -= sent.bytes;
    return sent;
  }
}
