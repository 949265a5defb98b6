import type { ConnectBridge } from "../../dispatcher/index.ts";
import type { BridgeFrame, DispatchFrame, Frame, Link, LinkOwner, RequestFrame } from "../../link/index.ts";
import { outcomesPayload, readDispatch, type Outcome } from "../../link/index.ts";

/** A Bayeux message, as far as a script looks at it. */
export interface AnyMessage {
  readonly id?: string | number;
  readonly channel: string;
  readonly clientId?: string;
  readonly [field: string]: unknown;
}

/** Answers requests; `null` leaves one open. */
export type Script = (frame: RequestFrame, messages: AnyMessage[], bridge: FakeBridge) => readonly BridgeFrame[] | null;

/** A bridge as a dispatcher sees it: takes frames, and answers by a script. Nothing is on a wire. */
export class FakeBridge {
  readonly frames: Frame[] = [];
  script: Script = answerAll;
  /** What becomes of a user to whom something is dispatched. */
  outcomeOf: (user: string, route: number) => Outcome = () => "delivered";
  /** False: a dispatch is not answered. */
  answersDispatches = true;
  isFull = false;
  /** Of its process. */
  instance = "1";
  /** False: `closed` is not answered. */
  frees = true;
  #owner: LinkOwner | null = null;
  #node = 1;
  #link: Link | null = null;

  /** Hand it to `Dispatcher.start`. @param isUp whether the link comes up by itself */
  connector(isUp = true): ConnectBridge {
    return ({ node }, owner) => {
      this.#node = node;
      this.#owner = owner;
      if (isUp) this.up();
      return { [Symbol.asyncDispose]: async () => this.down() };
    };
  }

  up(): void {
    const link: Link = {
      peer: { role: "bridge", name: "fake", instance: this.instance, routes: 1_024, node: this.#node, nodes: 1 },
      isFull: false,
      send: (frame) => this.#take(frame),
      close: () => this.down(),
    };
    Object.defineProperty(link, "isFull", { get: () => this.isFull });
    this.#link = link;
    this.#owner?.onUp(link);
  }

  down(): void {
    const link = this.#link;
    this.#link = null;
    if (link) this.#owner?.onDown(link, "cut", false);
  }

  say(...frames: Frame[]): void {
    for (const frame of frames) if (this.#link) this.#owner?.onFrame(this.#link, frame);
  }

  /** The dispatcher has a link to it. */
  get isConnected(): boolean {
    return this.#link !== null;
  }

  get requests(): RequestFrame[] {
    return this.frames.filter((frame) => frame.type === "request");
  }

  of<T extends Frame["type"]>(type: T): Extract<Frame, { type: T }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { type: T }> => frame.type === type);
  }

  #outcomes({ connection, payload }: DispatchFrame): BridgeFrame {
    const recipients = readDispatch(payload)?.recipients ?? [];
    const outcomes = recipients.map(([user, route]) => this.outcomeOf(user, route));
    return { type: "answer", connection, isFinal: true, payload: outcomesPayload(outcomes) };
  }

  #take(frame: Frame): boolean {
    this.frames.push(frame);
    // Like a link: what a frame brings about comes later.
    setImmediate(() => {
      if (frame.type === "closed" && this.frees) this.say({ type: "freed", connection: frame.connection });
      if (frame.type === "dispatch" && this.answersDispatches) this.say(this.#outcomes(frame));
      if (frame.type === "request") this.say(...(this.script(frame, messagesOf(frame), this) ?? []));
    });
    return !this.isFull;
  }
}

export function messagesOf(frame: RequestFrame): AnyMessage[] {
  const value: unknown = JSON.parse(frame.payload.toString());
  if (!Array.isArray(value)) throw new TypeError("the payload of a request is an array");
  return value;
}

/** Joined messages, as they are in a frame. */
export function payload(...messages: readonly object[]): Buffer {
  return Buffer.from(messages.map((message) => JSON.stringify(message)).join(","));
}

export function replyTo({ id, channel, clientId }: AnyMessage, more: object = {}): object {
  return { id, channel, clientId, successful: true, ...more };
}

/** A friendly bridge: everything succeeds at once, and connects that may be held are held. */
export function answerAll(frame: RequestFrame, messages: AnyMessage[]): BridgeFrame[] {
  const { connection, isSocket, mayHold } = frame;
  const replies = payload(...messages.map((message) => replyTo(message)));
  if (mayHold) return [{ type: "hold", connection, payload: replies }];
  return [{ type: "answer", connection, isFinal: !isSocket, payload: replies }];
}
