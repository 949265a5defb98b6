import type { Agreement, HistoryPage, HistoryQuery, Member, Network } from "../../../bridges/index.ts";
import type { NetworkError, NetworkInbox, Publication, Puppets } from "../../../bridges/index.ts";
import { FakeArchive } from "./fake-archive.ts";

/** Something that a fake network was asked for, and that a test settles. */
export interface Asked {
  readonly channel: string;
  readonly publication: Publication | null;
  resolve(): void;
  reject(error: unknown): void;
}

/** A network that does what it is asked for at once, or when a test says so. */
export class FakeNetwork implements Network {
  readonly name: string;
  inbox: NetworkInbox | null = null;
  /** False: what is asked for waits in `joins` and `publishes`. */
  isObliging = true;
  readonly joins: Asked[] = [];
  readonly publishes: Asked[] = [];
  readonly left: string[] = [];
  /** Channels that nobody may join, while it is obliging. */
  readonly refusing = new Map<string, NetworkError>();
  readonly people = new Map<string, Member[]>();
  readonly archive = new FakeArchive();
  /** Set: it has users of their own for browsers. */
  puppets: Puppets | undefined = undefined;
  agreement: Agreement | undefined = undefined;
  /** Takes announcements; a fake network has no way for them of its own. */
  onAnnounce: (channel: string, text: string) => boolean = () => false;

  constructor(name = "fake") {
    this.name = name;
  }

  start(inbox: NetworkInbox): void {
    this.inbox = inbox;
  }

  join(channel: string): Promise<void> {
    return this.#ask(this.joins, channel, null);
  }

  leave(channel: string): Promise<void> {
    this.left.push(channel);
    return Promise.resolve();
  }

  publish(channel: string, publication: Publication): Promise<void> {
    return this.#ask(this.publishes, channel, publication);
  }

  members(channel: string): readonly Member[] {
    return this.people.get(channel) ?? [];
  }

  history(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    return this.archive.answer(channel, query);
  }

  /** What it tells of its channels. */
  existing: string[] = [];
  /** Set: it cannot tell them. */
  discoverError: NetworkError | null = null;
  discoveries = 0;

  async discover(limit: number): Promise<readonly string[]> {
    this.discoveries += 1;
    if (this.discoverError) throw this.discoverError;
    return this.existing.slice(0, limit);
  }

  announce(channel: string, text: string): boolean {
    return this.onAnnounce(channel, text);
  }

  /** What was published so far. */
  get published(): unknown[] {
    return this.publishes.map(({ publication }) => publication?.data);
  }

  /** Somebody says something in a channel. */
  say(channel: string, data: unknown, id = String(data), from = "ann"): void {
    this.inbox?.message({ channel, data, from, timeMs: 0, id });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #ask(list: Asked[], channel: string, publication: Publication | null): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    list.push({ channel, publication, resolve, reject });
    const refusal = publication ? undefined : this.refusing.get(channel);
    if (this.isObliging && refusal) reject(refusal);
    else if (this.isObliging) resolve();
    return promise;
  }
}
