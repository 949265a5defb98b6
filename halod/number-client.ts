import type { Logger } from "pino";
import {
  type Frame,
  type Link,
  LinkClient,
  type LinkClientOptions,
  type LinkOwner,
  splitAddress,
} from "../link/index.ts";
import { controlPayload, parseAnswer } from "./control.ts";

export interface NumberClientOptions extends Pick<
  LinkClientOptions,
  "secret" | "faults" | "randomBytes" | "random" | "config"
> {
  /** host:port of HaloD, and of its standby where there is one. */
  readonly addresses: readonly string[];
  /** Of the bridge that is to have the number. */
  readonly instance: string;
  /** For logs. */
  readonly name: string;
  readonly routes: number;
  readonly log: Logger;
  /** HaloD forgot, and another bridge has the number now: this one cannot go on, and has said so in the log. */
  readonly onTaken: () => void;
}

const ALIVE_MS = 60_000;

/** Asks HaloD for a bridge's number, and keeps the link, so that nobody else is given it. */
export class NumberClient implements LinkOwner, AsyncDisposable {
  readonly #options: NumberClientOptions;
  readonly #clients: readonly LinkClient[];
  readonly #first = Promise.withResolvers<number>();
  /** Links keep no process alive, and one that waits for its number has nothing else yet. */
  #alive: NodeJS.Timeout | null = null;
  #node = 0;
  #refusal: string | null = null;

  constructor(options: NumberClientOptions) {
    this.#options = options;
    const { addresses, name, routes, secret, log, faults, config, randomBytes, random } = options;
    // The bridge itself has another link.
    const asker = randomBytes(16).toString("hex");
    const peer = {
      role: "dispatcher",
      name: `${name}, for a number`,
      instance: asker,
      routes,
      node: 0,
      nodes: routes,
    } as const;
    const shared = {
      peer,
      serverRole: "halod",
      secret,
      owner: this,
      log,
      faults,
      config,
      randomBytes,
      random,
    } as const;
    this.#clients = addresses.map((address) => new LinkClient({ ...shared, ...splitAddress(address) }));
  }

  /** Resolves with a number from 1, as soon as HaloD gives one. */
  number(): Promise<number> {
    for (const client of this.#clients) client.start();
    if (this.#node === 0) this.#alive ??= setInterval(() => undefined, ALIVE_MS);
    return this.#first.promise;
  }

  /** The number is anybody's now. Safe before it was asked for, and to call again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#rest();
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
  }

  onUp(link: Link): void {
    const { instance } = this.#options;
    link.send({ type: "control", payload: controlPayload({ type: "number", instance, node: this.#node }) });
  }

  onFrame(link: Link, frame: Frame): void {
    const answer = frame.type === "control" ? parseAnswer(frame.payload) : null;
    if (answer?.type === "number") return this.#onNumber(answer.node);
    // The other one gives numbers, or this one, when it is asked again.
    if (answer?.type === "standby") return link.close("it stands by");
    const text = answer?.type === "refused" ? answer.text : "it does not answer as HaloD does";
    // The same again is no news.
    if (this.#refusal !== text) this.#options.log.error({ reason: text }, "HaloD gave no number, trying again");
    this.#refusal = text;
    link.close("no number");
  }

  onDrain(): void {
    // What we send is short.
  }

  onDown(): void {
    // The link client tries again.
  }

  #onNumber(node: number): void {
    if (this.#node !== 0 && this.#node !== node) {
      this.#options.log.fatal(
        { node: this.#node },
        "another bridge has this one's number now: it has to be started again",
      );
      return this.#options.onTaken();
    }
    this.#node = node;
    this.#refusal = null;
    this.#rest();
    this.#first.resolve(node);
  }

  #rest(): void {
    if (this.#alive) clearInterval(this.#alive);
    this.#alive = null;
  }
}
