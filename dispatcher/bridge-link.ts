import type { DeliverFrame, FaultCounter, Frame, Link, LinkOwner, NoteFrame, ReleaseFrame } from "../link/index.ts";
import { Numbers } from "./numbers.ts";
import type { Testimony } from "./testimony.ts";
import type { Coalescer } from "./transports/coalescer.ts";

/** Connects to one bridge, and again whenever the link is lost, until it is disposed of. */
export type ConnectBridge = (bridge: { address: string; node: number }, owner: LinkOwner) => AsyncDisposable;

/** What a bridge's link needs to know and to use. */
export interface BridgeLinkOptions {
  /** The bridge's number, from 1. */
  readonly node: number;
  readonly address: string;
  readonly coalescer: Coalescer;
  readonly faults: FaultCounter;
  /** What bridges say of their sessions, in case that they die; null where nobody takes over. */
  readonly testimony: Testimony | null;
  /** Called after every change of `numbers`. */
  readonly onChange: () => void;
}

/** A bridge that has left the cluster lets go of its connections by itself, if it lives: one that is silent for so long does not. */
const RETIRE_SILENCE_MS = 1_000;
/** However much it says. */
const RETIRE_MS = 5_000;
const RETIRE_LOOK_MS = 50;

/** The link to one bridge, whichever instance of it is up: hands every frame to the connection that it is for. */
export class BridgeLink implements LinkOwner, AsyncDisposable {
  readonly node: number;
  readonly address: string;
  readonly #options: BridgeLinkOptions;
  #link: Link | null = null;
  #numbers: Numbers | null = null;
  #client: AsyncDisposable | null = null;
  #retiring: NodeJS.Timeout | undefined;
  #hasSpoken = false;

  constructor(options: BridgeLinkOptions) {
    this.node = options.node;
    this.address = options.address;
    this.#options = options;
  }

  /** The numbers of the link that is up; null while none is. */
  get numbers(): Numbers | null {
    return this.#numbers;
  }

  /** Of the bridge that is up; null while none is. */
  get instance(): string | null {
    return this.#link?.peer.instance ?? null;
  }

  /** Begins to connect. */
  start(connect: ConnectBridge): void {
    this.#client = connect({ address: this.address, node: this.node }, this);
  }

  /** The bridge has left the cluster. @param onOver told when it has let go of its connections, or takes too long */
  retire(onOver: () => void): void {
    if (this.#retiring) return;
    let leftMs = RETIRE_MS;
    let silentMs = 0;
    const look = () => {
      leftMs -= RETIRE_LOOK_MS;
      silentMs = this.#hasSpoken ? 0 : silentMs + RETIRE_LOOK_MS;
      this.#hasSpoken = false;
      const isAlive = leftMs > 0 && silentMs < RETIRE_SILENCE_MS;
      if (isAlive && (this.#numbers?.size ?? 0) > 0) return;
      this.stay();
      onOver();
    };
    this.#retiring = setInterval(look, RETIRE_LOOK_MS).unref();
  }

  /** It is back before it was gone. */
  stay(): void {
    clearInterval(this.#retiring);
    this.#retiring = undefined;
  }

  /** Ends the link; whoever is still connected by it is told. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stay();
    // Before the link: a bridge that hangs does not read its end.
    this.#drop();
    await this.#client?.[Symbol.asyncDispose]();
  }

  onUp(link: Link): void {
    this.#drop();
    this.#link = link;
    const { testimony, onChange } = this.#options;
    this.#numbers = new Numbers(link, testimony?.up(link) ?? null);
    onChange();
  }

  onFrame(link: Link, frame: Frame): void {
    const numbers = this.#numbers;
    if (link !== this.#link || !numbers) return;
    this.#hasSpoken = true;
    switch (frame.type) {
      case "deliver":
        return this.#deliver(numbers, frame);
      case "release":
        return this.#release(numbers, frame);
      case "answer":
      case "hold":
      case "refused": {
        const downstream = numbers.at(frame.connection);
        if (downstream) return downstream.onFrame(frame);
        return this.#unknown(frame.type, frame.connection);
      }
      case "freed": {
        const downstream = numbers.freed(frame.connection);
        if (downstream) return downstream.onFrame(frame);
        return this.#unknown(frame.type, frame.connection);
      }
      case "tickets":
      case "said":
      case "reached":
      case "claim":
        return this.#testify(link, numbers, frame);
      case "surrender":
        return this.#fault("link.direction", "frame of a dispatcher came from a bridge", frame.type, 0);
      case "request":
      case "closed":
      case "pause":
      case "resume":
        return this.#fault("link.direction", "frame of a dispatcher came from a bridge", frame.type, frame.connection);
      case "control":
        // No link lets it through but those with HaloD.
        return;
    }
  }

  /** Nothing waits here for a drain: requests are refused while a link is full. */
  onDrain(): void {}

  onDown(link: Link): void {
    if (link === this.#link) this.#drop();
  }

  /** The hot path: nothing is made per recipient, and nothing is called but the write. */
  #deliver(numbers: Numbers, { seq, recipients, payload }: DeliverFrame): void {
    if (payload.length === 0) return;
    numbers.wrote(recipients, seq);
    const { coalescer } = this.#options;
    const message = coalescer.message(payload);
    for (const number of recipients) {
      const outlet = numbers.outletOf(number);
      if (outlet) coalescer.deliver(outlet, message);
      else if (outlet === undefined) this.#unknown("deliver", number);
    }
  }

  #release(numbers: Numbers, frame: ReleaseFrame): void {
    for (const number of frame.recipients) {
      const downstream = numbers.at(number);
      if (downstream) downstream.onFrame(frame);
      else this.#unknown("release", number);
    }
  }

  #testify(link: Link, numbers: Numbers, frame: NoteFrame): void {
    if (this.#options.testimony?.take(link, numbers, frame) !== false) return;
    this.#fault("link.malformed", "link ended, a bridge said what makes no sense", frame.type, 0);
    link.close("a frame that makes no sense");
  }

  #unknown(type: string, number: number): void {
    this.#fault("link.unknownConnection", "frame came for a connection that is not open", type, number);
  }

  #fault(kind: string, text: string, type: string, connection: number): void {
    this.#options.faults.count(kind, text, { type, connection, bridge: this.address });
  }

  #drop(): void {
    const numbers = this.#numbers;
    const link = this.#link;
    this.#link = null;
    this.#numbers = null;
    if (!numbers || !link) return;
    this.#options.onChange();
    this.#options.testimony?.down(link);
    numbers.down();
  }
}
