import fc from "fast-check";
import type { Downstream } from "../fakes.ts";
import { connect, type Stage, subscribe } from "../stage.ts";
import { toldOf } from "./told.ts";

/** What may happen to one channel of a network, and to those who are in it. */
export type Step =
  | { readonly type: "say"; readonly count: number }
  /** Live copies that are on their way arrive; also one that came before, once more. */
  | { readonly type: "arrive" | "repeat" | "archive" | "lose"; readonly count: number }
  | { readonly type: "away" | "back" | "fault" }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "subscribe"; readonly from: "new" | "all" | "last" };

const count = fc.integer({ min: 1, max: 5 });
const SOUND = [
  fc.record({ type: fc.constant("say" as const), count }),
  fc.record({ type: fc.constant("say" as const), count }),
  fc.record({ type: fc.constantFrom("arrive" as const, "repeat" as const), count }),
  fc.record({ type: fc.constantFrom("away" as const, "back" as const) }),
  fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 700 }) }),
  fc.record({
    type: fc.constant("subscribe" as const),
    from: fc.constantFrom("new" as const, "all" as const, "last" as const),
  }),
];

/** A network that only goes away. */
export const soundSteps = fc.array(fc.oneof(...SOUND), { minLength: 5, maxLength: 60, size: "max" });

/** A network whose archive lags, forgets and fails as well. */
export const anySteps = fc.array(
  fc.oneof(
    ...SOUND,
    fc.record({ type: fc.constantFrom("archive" as const, "lose" as const), count }),
    fc.record({ type: fc.constant("fault" as const) }),
  ),
  { minLength: 5, maxLength: 60, size: "max" },
);

/** Somebody in a browser, and the number of the last message that it cannot expect; null where anything may be first. */
export interface Subscriber {
  readonly socket: Downstream;
  readonly base: number | null;
}

const CHANNEL = "/a";

/** Plays steps; messages are numbered from 1, as the network sees them. */
export class NetworkModel {
  readonly subscribers: Subscriber[] = [];
  readonly #stage: Stage;
  readonly #isLagging: boolean;
  #said = 0;
  #archived = 0;
  /** Live copies on their way to the bridge. */
  #onTheWay: number[] = [];
  #arrived: number[] = [];
  #isAway = false;

  constructor(stage: Stage, isLagging: boolean) {
    this.#stage = stage;
    this.#isLagging = isLagging;
  }

  get said(): number {
    return this.#said;
  }

  async play(steps: readonly Step[]): Promise<void> {
    await this.#subscribe("new");
    this.#say(1);
    this.#arrive(1);
    for (const step of steps) await this.#play(step);
    // In the end all is well, and one more is said.
    this.#stage.network.archive.fault = null;
    await this.#back();
    this.#archive(this.#said);
    this.#arrive(this.#said);
    await this.#stage.advance(6_000);
    this.#say(1);
    this.#archive(this.#said);
    this.#arrive(this.#said);
    await this.#stage.advance(6_000);
  }

  async #play(step: Step): Promise<void> {
    const { network } = this.#stage;
    const { archive } = network;
    switch (step.type) {
      case "say":
        return this.#say(step.count);
      case "arrive":
        return this.#arrive(step.count);
      case "repeat":
        for (const number of this.#arrived.slice(-step.count)) if (!this.#isAway) this.#bring(number);
        return;
      case "archive":
        return this.#archive(step.count);
      case "lose":
        return archive.lose(CHANNEL, step.count);
      case "away":
        if (!this.#isAway) network.inbox?.down("cut");
        this.#isAway = true;
        this.#onTheWay = [];
        return;
      case "back":
        return this.#back();
      case "fault":
        archive.fault = archive.fault === null ? "unavailable" : null;
        return;
      case "wait":
        return this.#stage.advance(step.ms);
      case "subscribe":
        if (!this.#isAway && this.subscribers.length < 6) await this.#subscribe(step.from);
    }
  }

  async #back(): Promise<void> {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#stage.network.inbox?.gap(CHANNEL, "cut");
    this.#stage.network.inbox?.up();
  }

  #say(count: number): void {
    for (let index = 0; index < count; index++) {
      this.#said += 1;
      if (!this.#isLagging) this.#archive(1);
      if (!this.#isAway) this.#onTheWay.push(this.#said);
    }
  }

  #archive(count: number): void {
    for (let index = 0; index < count && this.#archived < this.#said; index++) {
      this.#archived += 1;
      this.#stage.network.archive.keep(CHANNEL, messageOf(this.#archived));
    }
  }

  #arrive(count: number): void {
    for (const number of this.#onTheWay.splice(0, count)) {
      this.#arrived.push(number);
      this.#bring(number);
    }
  }

  #bring(number: number): void {
    this.#stage.network.inbox?.message({ channel: CHANNEL, from: "ann", ...messageOf(number) });
  }

  async #subscribe(from: "new" | "all" | "last"): Promise<void> {
    const { dispatcher } = this.#stage;
    const clientId = await this.#stage.session();
    const socket = dispatcher.over(null, connect(clientId));
    const last = lastOf(this.subscribers[0]);
    const replay = { new: -1, all: -2, last: String(last) }[from];
    // What has not arrived yet is new to this one, and so is what is held.
    const base = { new: null, all: null, last }[from];
    const poll = dispatcher.post(subscribe(clientId, CHANNEL, { ext: { replay: { [CHANNEL]: replay } } }));
    await this.#stage.advance(9_000);
    if (poll.messages[0]?.["successful"] === true) this.subscribers.push({ socket, base });
  }
}

/** Each is said a second after the one before. */
function messageOf(number: number): { id: string; data: number; timeMs: number } {
  return { id: String(number), data: number, timeMs: number * 1_000 };
}

function lastOf(subscriber: Subscriber | undefined): number {
  const numbers = toldOf(subscriber?.socket.messages ?? []).filter((one) => !one.startsWith("gap"));
  return Number(numbers.at(-1) ?? 0);
}
