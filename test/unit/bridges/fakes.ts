import type { BridgeFrame, LinkOwner, NoteFrame, RequestContext } from "../../../link/index.ts";
import { readClaim, type SurrenderContent, surrenderPayload } from "../../../link/index.ts";
import { FakeLink, isNote } from "./fake-link.ts";

export { type Asked, FakeNetwork } from "./fake-network.ts";

/** A Bayeux message as a test looks at it. */
export type Message = Readonly<Record<string, unknown>>;

/** What a request carries that tells nothing of who sent it. */
export const NO_CONTEXT: RequestContext = { via: "post", isMultiplexed: false, browser: "", origin: "", address: "" };

/** One downstream of a fake dispatcher: a poll, or a session's side of a socket. */
export class Downstream {
  readonly number: number;
  readonly isSocket: boolean;
  /** Every array that a browser would have got, oldest first. */
  readonly arrays: Message[][] = [];
  /** The reply of a held connect. */
  held: Buffer | null = null;
  pending = 0;
  state: "open" | "closing" | "free" = "open";

  constructor(number: number, isSocket: boolean) {
    this.number = number;
    this.isSocket = isSocket;
  }

  get messages(): Message[] {
    return this.arrays.flat();
  }

  /** What came since it was asked last. */
  take(): Message[] {
    return this.arrays.splice(0).flat();
  }
}

/** A dispatcher as strict as the link's rules: what breaks one of them is noted in `faults`. */
export class FakeDispatcher {
  readonly link: FakeLink;
  readonly faults: string[] = [];
  /** What requests carry from now on; those over sockets carry it as if their upgrade had. */
  context: RequestContext = NO_CONTEXT;
  /** Told of what is nobody's message. Knows of no session where a bridge asks for some. */
  onNote: (frame: NoteFrame) => void = ({ type, payload }) => {
    const claim = type === "claim" ? readClaim(payload) : null;
    if (claim) this.surrender({ epoch: claim.epoch, tickets: [], channels: [], isLast: true });
  };
  /** The route of requests from now on. */
  route = 1;
  readonly #owner: LinkOwner;
  readonly #slots: (Downstream | undefined)[] = [undefined];

  constructor(owner: LinkOwner, name?: string) {
    this.#owner = owner;
    this.link = new FakeLink(name);
    this.link.onSend = (frame) => this.#onFrame(frame);
    owner.onUp(this.link);
  }

  /** Sends a batch as an HTTP request of its own. */
  post(...messages: Message[]): Downstream {
    const downstream = this.#open(false);
    this.#request(downstream, messages);
    return downstream;
  }

  /** Sends a batch over a socket; without one, over a new one. */
  over(socket: Downstream | null, ...messages: Message[]): Downstream {
    const downstream = socket ?? this.#open(true);
    this.#request(downstream, messages);
    return downstream;
  }

  /** Has a message for named users; the words of the answer come as if they were messages. */
  dispatch(payload: Buffer): Downstream {
    const downstream = this.#open(false);
    downstream.pending += 1;
    this.#owner.onFrame(this.link, { type: "dispatch", connection: downstream.number, payload });
    return downstream;
  }

  close(downstream: Downstream): void {
    if (downstream.state !== "open") return;
    downstream.state = "closing";
    this.#owner.onFrame(this.link, { type: "closed", connection: downstream.number });
  }

  pause(downstream: Downstream): void {
    this.#owner.onFrame(this.link, { type: "pause", connection: downstream.number });
  }

  resume(downstream: Downstream): void {
    this.#owner.onFrame(this.link, { type: "resume", connection: downstream.number });
  }

  surrender(content: SurrenderContent): void {
    this.#owner.onFrame(this.link, { type: "surrender", payload: surrenderPayload(content) });
  }

  /** @throws Error that lists what broke the link's rules */
  assertObeyed(): void {
    if (this.faults.length > 0) throw new Error(`the bridge broke the link's rules: ${this.faults.join("; ")}`);
  }

  drain(): void {
    this.link.isFull = false;
    this.#owner.onDrain(this.link);
  }

  down(): void {
    this.#owner.onDown(this.link, "cut", false);
  }

  #open(isSocket: boolean): Downstream {
    // The lowest free number: what comes too late meets the next user of its number.
    const free = this.#slots.findIndex((slot, number) => number > 0 && (!slot || slot.state === "free"));
    const downstream = new Downstream(free > 0 ? free : this.#slots.length, isSocket);
    this.#slots[downstream.number] = downstream;
    return downstream;
  }

  #request(downstream: Downstream, messages: readonly Message[]): void {
    downstream.pending += 1;
    const mayHold = messages.length === 1 && messages[0]?.["channel"] === "/meta/connect";
    const payload = Buffer.from(JSON.stringify(messages));
    const { number: connection, isSocket } = downstream;
    const { context, route } = this;
    this.#owner.onFrame(this.link, { type: "request", connection, route, isSocket, mayHold, context, payload });
  }

  #onFrame(frame: BridgeFrame): void {
    if (isNote(frame)) return this.onNote(frame);
    if (frame.type === "deliver" || frame.type === "release") {
      for (const number of frame.recipients) this.#onMessages(number, frame);
      return;
    }
    const downstream = this.#at(frame.connection, frame.type);
    if (!downstream) return;
    if (frame.type === "freed") {
      if (downstream.state !== "closing") this.faults.push(`freed ${frame.connection} without closed`);
      if (downstream.pending > 0 && downstream.isSocket) downstream.pending = 0;
      downstream.state = "free";
      return;
    }
    if (downstream.state === "closing") return;
    if (frame.type === "hold") {
      if (downstream.held) this.faults.push(`a second hold on ${frame.connection}`);
      downstream.pending -= 1;
      downstream.held = frame.payload;
      return;
    }
    if (downstream.pending === 0) {
      if (!downstream.held) this.faults.push(`an answer to nothing on ${frame.connection}`);
      downstream.held = null;
    } else downstream.pending -= 1;
    write(downstream, frame.type === "answer" ? [frame.payload] : []);
    if (frame.type === "refused" || frame.isFinal) this.#final(downstream);
    else if (!downstream.isSocket) this.faults.push(`an answer to poll ${frame.connection} that is not final`);
  }

  #onMessages(number: number, frame: Extract<BridgeFrame, { type: "deliver" | "release" }>): void {
    const downstream = this.#at(number, frame.type);
    if (!downstream || downstream.state === "closing") return;
    if (frame.type === "deliver") {
      if (!downstream.isSocket) this.faults.push(`a deliver to poll ${number}`);
      return write(downstream, [frame.payload]);
    }
    if (!downstream.held && frame.payload.length > 0) this.faults.push(`a release of nothing on ${number}`);
    write(downstream, downstream.held ? [frame.payload, downstream.held] : [frame.payload]);
    downstream.held = null;
    if (frame.isFinal) this.#final(downstream);
  }

  #final(downstream: Downstream): void {
    if (downstream.pending === 0) downstream.state = "free";
  }

  #at(number: number, type: string): Downstream | undefined {
    const downstream = this.#slots[number];
    if (downstream && downstream.state !== "free") return downstream;
    this.faults.push(`${type} for ${number}, which is free`);
    return undefined;
  }
}

function write(downstream: Downstream, payloads: readonly Buffer[]): void {
  const text = payloads.filter((payload) => payload.length > 0).join(",");
  const array: Message[] = JSON.parse(`[${text}]`);
  if (array.length > 0) downstream.arrays.push(array);
}
