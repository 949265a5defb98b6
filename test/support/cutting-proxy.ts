import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { ProxyTarget } from "./alternating-proxy.ts";
import { between, pick, type Random } from "./seeded.ts";

/** When a connection is cut, seen from what passes on it. A late request reaches the server after its client has gone. */
export const CUT_MOMENTS = [
  "accept",
  "before request",
  "in request",
  "after request",
  "late request",
  "before answer",
  "in answer",
  "after answer",
  "idle",
] as const;

export type CutMoment = (typeof CUT_MOMENTS)[number];

/** One cut. Its sides may end some time after each other: a network does not tell both at once. */
export interface Cut {
  readonly moment: CutMoment;
  readonly startMs: number;
  /** When the second side was told; Infinity before. */
  endMs: number;
}

/** All that is random about a cut, known before it comes about. */
interface Planned {
  readonly moment: CutMoment;
  readonly isReset: boolean;
  readonly isClientFirst: boolean;
  /** Between the two sides; and how late a late request is. */
  readonly lagMs: number;
  /** How much of what is cut in the middle still passes, from 0 to 1; and which of the open connections is cut. */
  readonly part: number;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  isCut: boolean;
}

/** Cuts come in bursts, with a calm after each, so that a loss without a cut is seen to be one. */
const BURST = 10;
const CALM_MS = 700;
const [LEAST_MS, MOST_MS] = [15, 60] as const;
/** At most so long after each other are the two sides told. */
const MAX_LAG_MS = 40;
/** A socket that said goodbye is let go of after this, whatever its peer does. */
const LINGER_MS = 300;

/**
 * Passes TCP connections on, each to the next target, and cuts them at random moments: by reset or in good order, before,
 * in and after what is said, one side first or both together. The same seed makes the same plan.
 */
export class CuttingProxy implements AsyncDisposable {
  readonly host = "127.0.0.1";
  /** Every cut so far, in order. */
  readonly cuts: Cut[] = [];
  readonly #targets: readonly ProxyTarget[];
  readonly #random: Random;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #accepted = 0;
  #armed: Planned | null = null;
  #left = 0;
  #done = Promise.withResolvers<void>();

  private constructor(targets: readonly ProxyTarget[], random: Random) {
    this.#targets = targets;
    this.#random = random;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#onClient(client));
  }

  static async start(targets: readonly ProxyTarget[], random: Random): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targets, random);
    proxy.#server.listen(0, proxy.host);
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    const { port } = this.#server.address() as AddressInfo; // Listening on TCP since `start`.
    return port;
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  /** Makes so many cuts. @returns when all are made, and both sides of each know it */
  async cut(count: number): Promise<void> {
    this.#left = count;
    this.#done = Promise.withResolvers<void>();
    this.#plan();
    await this.#done.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }

  /** What was planned and did not come about, e.g. because nothing is said, becomes a cut of whatever is open. */
  #plan(): void {
    if (this.#armed) this.#cutAny(this.#armed);
    // Where nothing was open there was no cut; this plan is over all the same.
    this.#armed = null;
    if (this.#left === 0) return this.#settle();
    const planned = planWith(this.#random);
    const [restMs, patienceMs] = [between(this.#random, LEAST_MS, MOST_MS), between(this.#random, LEAST_MS, MOST_MS)];
    const isCalm = this.cuts.length > 0 && this.cuts.length % BURST === 0;
    this.#later(isCalm ? CALM_MS : restMs, () => {
      this.#armed = planned;
      if (planned.moment === "idle") this.#cutAny(planned);
      this.#later(patienceMs, () => this.#plan());
    });
  }

  #settle(): void {
    if (this.cuts.every(({ endMs }) => endMs < Infinity)) this.#done.resolve();
    else this.#later(MAX_LAG_MS, () => this.#settle());
  }

  #cutAny(planned: Planned): void {
    const open = [...this.#pairs].filter(({ isCut }) => !isCut);
    const chosen = open[Math.floor(planned.part * open.length)];
    if (chosen) this.#cut(chosen, { ...planned, moment: "idle" });
  }

  #onClient(client: Socket): void {
    const target = this.#targets[this.#accepted++ % this.#targets.length];
    if (target === undefined) throw new Error("a proxy needs at least one target");
    const server = connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true });
    const pair: Pair = { client, server, isCut: false };
    this.#pairs.add(pair);
    this.#join(pair, client, server, (chunk) => this.#onRequest(pair, chunk));
    this.#join(pair, server, client, (chunk) => this.#onAnswer(pair, chunk));
    if (this.#armed?.moment === "accept") this.#cut(pair, this.#armed);
  }

  #join(pair: Pair, from: Socket, to: Socket, onData: (chunk: Buffer) => void): void {
    this.#sockets.add(from);
    from.on("error", () => from.destroy()); // `close` follows.
    from.on("data", (chunk: Buffer) => {
      if (!pair.isCut) onData(chunk);
    });
    from.once("end", () => {
      if (!pair.isCut) to.end();
    });
    from.once("close", () => {
      this.#sockets.delete(from);
      this.#pairs.delete(pair);
      if (!pair.isCut) to.destroy();
    });
  }

  #onRequest(pair: Pair, chunk: Buffer): void {
    const planned = this.#armed;
    switch (planned?.moment) {
      case "before request":
        return this.#cut(pair, planned);
      case "in request":
        pair.server.write(partOf(chunk, planned));
        return this.#cut(pair, planned);
      case "after request":
        pair.server.write(chunk);
        return this.#cut(pair, planned);
      case "late request":
        return this.#cutLate(pair, planned, chunk);
      default:
        pair.server.write(chunk);
    }
  }

  #onAnswer(pair: Pair, chunk: Buffer): void {
    const planned = this.#armed;
    switch (planned?.moment) {
      case "before answer":
        return this.#cut(pair, planned);
      case "in answer":
        pair.client.write(partOf(chunk, planned));
        return this.#cut(pair, planned);
      case "after answer":
        pair.client.write(chunk);
        return this.#cut(pair, planned);
      default:
        pair.client.write(chunk);
    }
  }

  #cut(pair: Pair, planned: Planned): void {
    const { isReset, isClientFirst, lagMs } = planned;
    const cut = this.#begin(pair, planned);
    this.#end(isClientFirst ? pair.client : pair.server, isReset);
    const tellOther = (): void => {
      this.#end(isClientFirst ? pair.server : pair.client, isReset);
      cut.endMs = performance.now();
    };
    if (lagMs === 0) tellOther();
    else this.#later(lagMs, tellOther);
  }

  #cutLate(pair: Pair, planned: Planned, chunk: Buffer): void {
    const { isReset, lagMs, part } = planned;
    const cut = this.#begin(pair, planned);
    this.#end(pair.client, isReset);
    this.#later(lagMs, () => {
      pair.server.write(chunk);
      this.#later(part * MAX_LAG_MS, () => {
        this.#end(pair.server, isReset);
        cut.endMs = performance.now();
      });
    });
  }

  #begin(pair: Pair, { moment }: Planned): Cut {
    const cut: Cut = { moment, startMs: performance.now(), endMs: Infinity };
    pair.isCut = true;
    this.#armed = null;
    this.#left -= 1;
    this.cuts.push(cut);
    return cut;
  }

  #end(socket: Socket, isReset: boolean): void {
    if (isReset) {
      socket.resetAndDestroy();
      return;
    }
    socket.end();
    this.#later(LINGER_MS, () => socket.destroy());
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

function planWith(random: Random): Planned {
  return {
    moment: pick(random, CUT_MOMENTS),
    isReset: random() < 0.5,
    isClientFirst: random() < 0.5,
    lagMs: Math.max(0, between(random, -MAX_LAG_MS, MAX_LAG_MS)),
    part: random(),
  };
}

function partOf(chunk: Buffer, { part }: Planned): Buffer {
  return chunk.subarray(0, Math.max(1, Math.floor(part * chunk.length)));
}
