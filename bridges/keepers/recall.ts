import type { Cluster, ClusterNode } from "../../halod/index.ts";
import {
  type FaultCounter,
  type Frame,
  type Link,
  LinkClient,
  type LinkClientOptions,
  type LinkOwner,
  splitAddress,
} from "../../link/index.ts";
import type { Channels } from "../channel/channels.ts";
import type { Log } from "../log/log.ts";
import type { Holding } from "../moves/holding.ts";
import { type Talk, Talker, TalkError } from "../moves/talk.ts";
import { Gathered } from "./heard.ts";
import type { Keeping } from "./keeping.ts";
import { type HeardSince, Past, type ToldPast } from "./past.ts";
import { keepersOf } from "./ring.ts";

/** What recalling needs. */
export interface RecallOptions {
  /** Our own number. */
  readonly node: number;
  readonly instance: string;
  readonly keeping: Pick<Keeping, "past">;
  readonly channels: Pick<Channels, "get">;
  readonly messages: Log;
  readonly link: Omit<LinkClientOptions, "host" | "port" | "owner" | "expectedNode">;
}

/** A channel of which a bridge that died may have been kept something elsewhere. */
interface Question {
  readonly instance: string;
  readonly name: string;
  readonly answered: PromiseWithResolvers<void>;
}

/** The keeper, and who may have been it a moment before. */
const ASKED = 2;

/** What the keepers of bridges that have died know of their channels. One for each takeover. */
export class Recall implements AsyncDisposable {
  readonly #options: RecallOptions;
  readonly #former: Cluster;
  readonly #table: Cluster;
  readonly #holding: Pick<Holding, "since">;
  readonly #questions = new Map<string, Question>();
  readonly #pasts = new Map<string, Past>();
  readonly #sources = new Map<number, KeeperSource>();
  readonly #asking = new Gathered<Question>((all) => this.#ask(all));

  /** @param former the table in which they lived @param table without them @param holding what was joined for this */
  constructor(options: RecallOptions, former: Cluster, table: Cluster, holding: Pick<Holding, "since">) {
    this.#holding = holding;
    this.#options = options;
    this.#former = former;
    this.#table = table;
  }

  /** Asks for channels that we are in. Resolves when what can be had is here. */
  async want(instance: string, names: Iterable<string>): Promise<void> {
    const questions = [...names].map((name) => this.#question(instance, name));
    await Promise.all(questions.map(({ answered }) => answered.promise));
  }

  /** @returns what has been kept of a channel of that bridge, our own part included; null where that is nothing */
  past(instance: string, name: string): Past | null {
    return this.#options.keeping.past(instance, name) ?? this.#pasts.get(keyOf(instance, name)) ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sources = [...this.#sources.values()];
    this.#sources.clear();
    for (const { answered } of this.#questions.values()) answered.resolve();
    await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()));
  }

  #question(instance: string, name: string): Question {
    const key = keyOf(instance, name);
    const known = this.#questions.get(key);
    if (known) return known;
    const question = { instance, name, answered: Promise.withResolvers<void>() };
    this.#questions.set(key, question);
    if (this.#options.keeping.past(instance, name)) question.answered.resolve();
    else this.#asking.add(question);
    return question;
  }

  #ask(all: readonly Question[]): void {
    for (const [instance, some] of Map.groupBy(all, (question) => question.instance)) {
      this.#askFor(instance, some).then(
        () => some.forEach(({ answered }) => answered.resolve()),
        () => some.forEach(({ answered }) => answered.resolve()),
      );
    }
  }

  async #askFor(instance: string, questions: readonly Question[]): Promise<void> {
    const { messages } = this.#options;
    let names = questions.map(({ name }) => name);
    for (const node of this.#keepersOf(instance)) {
      if (names.length === 0) return;
      // What we hear after this is ours, and what was said before it is in the answer.
      const { seq } = messages;
      for (const told of await this.#sourceOf(node).fetch(instance, names))
        this.#pasts.set(keyOf(instance, told.channel), new Past(told, this.#since(told.channel, seq), false));
      names = names.filter((name) => !this.#pasts.has(keyOf(instance, name)));
    }
  }

  #since(channel: string, agreedSeq: number): HeardSince {
    const { channels } = this.#options;
    const isCounted = channels.get(channel)?.network.agreement?.isCounted(channel) === true;
    return { agreedSeq, joinedSeq: isCounted ? null : this.#holding.since(channel).seq };
  }

  #keepersOf(instance: string): ClusterNode[] {
    const { nodes } = this.#former;
    const died = nodes.find((one) => one.instance === instance);
    if (!died) return [];
    const isAlive = (one: ClusterNode) => this.#table.nodes.some((other) => other.instance === one.instance);
    return keepersOf(this.#former, died.node)
      .slice(0, ASKED)
      .filter((one) => one.node !== this.#options.node && isAlive(one));
  }

  #sourceOf(node: ClusterNode): KeeperSource {
    const known = this.#sources.get(node.node);
    if (known) return known;
    const { link, instance } = this.#options;
    const peer = { ...link.peer, instance: `${instance}.recall` };
    const source = new KeeperSource({ ...link, peer, ...splitAddress(node.address), expectedNode: node.node });
    this.#sources.set(node.node, source);
    return source;
  }
}

interface Fetch {
  readonly instance: string;
  readonly names: readonly string[];
  readonly pasts: ToldPast[];
  readonly done: PromiseWithResolvers<readonly ToldPast[]>;
}

/** Another bridge, as far as it is asked what it has kept: one question after the other. */
class KeeperSource implements LinkOwner, AsyncDisposable {
  readonly #client: LinkClient;
  readonly #faults: FaultCounter;
  readonly #fetches: Fetch[] = [];
  #talker: Talker | null = null;

  constructor(options: Omit<LinkClientOptions, "owner">) {
    this.#faults = options.faults;
    this.#client = new LinkClient({ ...options, owner: this });
    this.#client.start();
  }

  fetch(instance: string, names: readonly string[]): Promise<readonly ToldPast[]> {
    const fetch = { instance, names, pasts: [], done: Promise.withResolvers<readonly ToldPast[]>() };
    this.#fetches.push(fetch);
    if (this.#fetches.length === 1) this.#ask();
    return fetch.done.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { done } of this.#fetches.splice(0)) done.resolve([]);
    await this.#client[Symbol.asyncDispose]();
  }

  onUp(link: Link): void {
    this.#talker = new Talker(link);
    this.#ask();
  }

  onFrame(_link: Link, frame: Frame): void {
    this.#talker?.hear(frame, this.#faults, (message) => this.#onMessage(message));
  }

  onDrain(): void {
    // What we send is short.
  }

  /** Whatever had come of an answer comes again, with the next link. */
  onDown(): void {
    this.#talker = null;
    for (const { pasts } of this.#fetches) pasts.length = 0;
  }

  #onMessage(message: Talk): void {
    if (message.type !== "fetched") throw new TalkError(`a ${message.type} is not for the one who asks`);
    const [first] = this.#fetches;
    first?.pasts.push(...message.pasts);
    if (!message.isLast) return;
    this.#fetches.shift()?.done.resolve(first?.pasts ?? []);
    this.#ask();
  }

  #ask(): void {
    const [first] = this.#fetches;
    if (first) this.#talker?.send({ type: "fetch", instance: first.instance, names: [...first.names] });
  }
}

function keyOf(instance: string, name: string): string {
  return `${instance} ${name}`;
}
