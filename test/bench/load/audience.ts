import { BayeuxClient, type ClientOwner } from "./bayeux-client.ts";
import { scanNumbers } from "./message.ts";
import type { FanOutConfig } from "./protocol.ts";

const CONNECT_REPLY = Buffer.from('"/meta/connect"');
/** Set-ups under way at a time. */
const CONCURRENCY = 32;
/** Without a single delivery for so long, what is missing is lost. */
const SILENCE_MS = 15_000;

/** All subscribers, and the check that each of them gets every message, once and in order. */
export class Audience {
  readonly #config: FanOutConfig;
  readonly #subscribers: Subscriber[] = [];
  /** Texts with messages in them: the fewer, the more was coalesced. */
  batches = 0;
  /** Told of every message that a subscriber gets, where that is wanted. */
  onNumber: ((number: number) => void) | null = null;
  deliveries = 0;
  #due = 0;
  #arrived: PromiseWithResolvers<void> | null = null;
  #failure: Error | null = null;

  constructor(config: FanOutConfig) {
    this.#config = config;
  }

  /** Connects and subscribes everybody. */
  async open(): Promise<void> {
    let left = this.#config.subscribers;
    const work = async (): Promise<void> => {
      while (left-- > 0) await this.#add();
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  }

  /** Resolves when so many more deliveries than before have arrived. @throws Error when they do not */
  async expect(deliveries: number): Promise<void> {
    this.#due += deliveries;
    this.check();
    if (this.deliveries >= this.#due) return;
    this.#arrived = Promise.withResolvers<void>();
    let before = this.deliveries;
    const watch = setInterval(() => {
      if (this.deliveries === before) this.fail(`lost: ${this.#due - this.deliveries} deliveries are missing`);
      before = this.deliveries;
    }, SILENCE_MS);
    try {
      await this.#arrived.promise;
    } finally {
      clearInterval(watch);
      this.#arrived = null;
    }
  }

  /** @throws Error when something went wrong since the last time, such as a message that came twice */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  fail(reason: string): void {
    this.#failure ??= new Error(reason);
    this.#arrived?.reject(this.#failure);
  }

  onDelivery(number: number): void {
    this.onNumber?.(number);
    if (++this.deliveries === this.#due) this.#arrived?.resolve();
  }

  async #add(): Promise<void> {
    const { server, transport, channel, isBayeux } = this.#config;
    const subscriber = new Subscriber(this, this.#subscribers.length + 1);
    this.#subscribers.push(subscriber);
    const client = await BayeuxClient.open(server, transport, subscriber);
    if (!isBayeux) return;
    await client.handshake();
    await client.subscribe(`/${channel}`);
    client.connect();
  }
}

class Subscriber implements ClientOwner {
  readonly #audience: Audience;
  readonly #name: number;
  #last = 0;

  constructor(audience: Audience, name: number) {
    this.#audience = audience;
    this.#name = name;
  }

  onText(client: BayeuxClient, bytes: Buffer, start: number, end: number): void {
    if (scanNumbers(bytes, start, end, this.#onNumber) > 0) this.#audience.batches++;
    const reply = bytes.indexOf(CONNECT_REPLY, start);
    if (reply < 0 || reply >= end) return;
    if (bytes.includes('"successful":false', start)) {
      this.#audience.fail(`subscriber ${this.#name} was refused: ${bytes.toString("utf8", start, end)}`);
    } else client.connect();
  }

  onEnd(_client: BayeuxClient, reason: string): void {
    this.#audience.fail(`subscriber ${this.#name}: ${reason}`);
  }

  readonly #onNumber = (number: number): void => {
    if (number !== this.#last + 1) {
      this.#audience.fail(`subscriber ${this.#name} got message ${number} after ${this.#last}`);
    }
    this.#last = number;
    this.#audience.onDelivery(number);
  };
}
