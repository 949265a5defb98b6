import fc from "fast-check";
import { FakeDispatcher, type Downstream, type Message } from "../fakes.ts";
import { connect, type Stage } from "../stage.ts";

const DISPATCHERS = 2;

/** Where things are said: each channel counts on its own. */
export const MODEL_CHANNELS = ["/lobby", "/stocks/tspn"] as const;
export type ModelChannel = (typeof MODEL_CHANNELS)[number];

/** One thing that happens. */
export type Step =
  | { readonly type: "say"; readonly channel: ModelChannel; readonly count: number }
  | { readonly type: "connect"; readonly dispatcher: number; readonly isSocket: boolean; readonly timeout: number }
  | { readonly type: "read" }
  | { readonly type: "lose" }
  | { readonly type: "late" }
  | { readonly type: "pass" }
  | { readonly type: "pause"; readonly isPaused: boolean }
  | { readonly type: "cut"; readonly dispatcher: number }
  | { readonly type: "full"; readonly dispatcher: number; readonly isFull: boolean };

const dispatchers = fc.nat({ max: DISPATCHERS - 1 });
/** Anything that can happen. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("say" as const),
      channel: fc.constantFrom(...MODEL_CHANNELS),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("connect" as const),
      dispatcher: dispatchers,
      isSocket: fc.boolean(),
      timeout: fc.constantFrom(0, 500, 30_000),
    }),
  },
  { weight: 3, arbitrary: fc.constant<Step>({ type: "read" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ type: "lose" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ type: "late" }) },
  { weight: 3, arbitrary: fc.constant<Step>({ type: "pass" }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("pause" as const), isPaused: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("cut" as const), dispatcher: dispatchers }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("full" as const), dispatcher: dispatchers, isFull: fc.boolean() }),
  },
);

/**
 * A client that takes what cometd.js takes: a message with the connect reply that it waits for (or, without acks,
 * whenever it comes), and nothing of a connect that it gave up.
 */
export class Client {
  /** What it was told, by channel, in order. */
  readonly got: Record<ModelChannel, Message[]> = { "/lobby": [], "/stocks/tspn": [] };
  readonly #clientId: string;
  readonly #isAck: boolean;
  #ack = 0;
  #id = 1;
  #current: Downstream | null = null;
  #sentOver: FakeDispatcher | null = null;
  #isWaiting = false;
  #newest: Message | null = null;
  #older: Message | null = null;

  constructor(clientId: string, isAck: boolean) {
    this.#clientId = clientId;
    this.#isAck = isAck;
  }

  /** Gives up what it waits for, and connects anew. A connect over the socket that it is on stays on that. */
  connect(dispatcher: FakeDispatcher, isSocket: boolean, timeout: number): void {
    const fields = { id: String(++this.#id), advice: { timeout }, ...(this.#isAck ? { ext: { ack: this.#ack } } : {}) };
    const request = connect(this.#clientId, fields);
    const current = this.#current;
    if (isSocket && current?.isSocket && current.state === "open" && this.#sentOver === dispatcher) {
      // Nobody sends a second connect over a socket on which the first is not answered.
      this.read();
      if (this.#isWaiting) return;
      dispatcher.over(current, { ...request, ...(this.#isAck ? { ext: { ack: this.#ack } } : {}) });
    } else {
      this.lose();
      this.#current = isSocket ? dispatcher.over(null, request) : dispatcher.post(request);
    }
    this.#sentOver = dispatcher;
    this.#older = this.#newest;
    this.#newest = request;
    this.#isWaiting = true;
  }

  /** Takes what arrived. */
  read(): void {
    for (const array of this.#current?.arrays.splice(0) ?? []) {
      const reply = array.find(({ channel }) => channel === "/meta/connect");
      // With the ack extension nothing counts without a reply: it would come again.
      if (this.#isAck && !reply) throw new Error("messages of an ack session came without a connect reply");
      for (const message of array) {
        const channel = MODEL_CHANNELS.find((name) => name === message["channel"]);
        if (channel && "data" in message) this.got[channel].push(message);
      }
      if (!reply) continue;
      if (reply["successful"] !== true) throw new Error(String(reply["error"]));
      const ext = reply["ext"];
      if (typeof ext === "object" && ext !== null && "ack" in ext) this.#ack = Number(ext.ack);
      this.#isWaiting = false;
      if (!this.#current?.isSocket) this.#current = null;
    }
  }

  /** What was sent to it is lost on its way, and its connection with it. */
  lose(): void {
    if (this.#current) this.#sentOver?.close(this.#current);
    this.forget();
  }

  /** Its socket does not drain, or does again. */
  pause(isPaused: boolean): void {
    const current = this.#current;
    if (!current?.isSocket || current.state !== "open" || !this.#sentOver) return;
    if (isPaused) this.#sentOver.pause(current);
    else this.#sentOver.resume(current);
  }

  /** Its connection is gone. */
  forget(): void {
    this.#current = null;
    this.#isWaiting = false;
  }

  /** The connect before its newest arrives a second time, over a slow path. Nobody reads the answer. */
  late(dispatcher: FakeDispatcher): void {
    if (this.#isAck && this.#older) dispatcher.post(this.#older);
  }
}

/** Plays what happens, and leaves the client in peace at the end. @returns what was said, by channel */
export async function play(
  stage: Stage,
  steps: readonly Step[],
  isAck: boolean,
): Promise<{ client: Client; said: Readonly<Record<ModelChannel, number>> }> {
  const clientId = await stage.session(MODEL_CHANNELS, { ack: isAck });
  const client = new Client(clientId, isAck);
  const all = Array.from({ length: DISPATCHERS }, (_, index) => new FakeDispatcher(stage.bridge, `d${index}`));
  const at = (index: number) => all[index] ?? stage.dispatcher;
  const said: Record<ModelChannel, number> = { "/lobby": 0, "/stocks/tspn": 0 };
  const say = (channel: ModelChannel) => stage.network.say(channel, ++said[channel], `${channel} ${said[channel]}`);
  for (const each of steps) {
    if (each.type === "say") for (let count = 0; count < each.count; count++) say(each.channel);
    else if (each.type === "connect") client.connect(at(each.dispatcher), each.isSocket, each.timeout);
    else if (each.type === "read") client.read();
    else if (each.type === "lose") client.lose();
    else if (each.type === "late") client.late(at(0));
    else if (each.type === "pass") await stage.advance(200);
    else if (each.type === "pause") client.pause(each.isPaused);
    else if (each.type === "full" && each.isFull) at(each.dispatcher).link.isFull = true;
    else if (each.type === "full") at(each.dispatcher).drain();
    else {
      const old = at(each.dispatcher);
      client.forget();
      old.down();
      old.assertObeyed();
      all[each.dispatcher] = new FakeDispatcher(stage.bridge, `d${each.dispatcher}`);
    }
  }
  for (const each of all) each.drain();
  // A client in peace: two polls at most give it all that is left.
  for (let round = 0; round < 3; round++) {
    client.lose();
    client.connect(at(0), false, 0);
    await stage.advance(50);
    client.read();
  }
  for (const each of all) each.assertObeyed();
  return { client, said };
}
