import type { FaultCounter } from "../../link/index.ts";
import type { Network, PresenceChange } from "../network.ts";
import { MAX_REFERENCES, readAnnouncement, type Announcement } from "./announcement.ts";
import { Announcer } from "./announcer.ts";
import { Peers, type PeersLimits } from "./peers.ts";
import { View } from "./view.ts";

/** What the presence of one channel needs. */
export interface ChannelPresenceOptions {
  readonly name: string;
  /** The channel's name on its network. */
  readonly foreignName: string;
  readonly network: Network;
  /** Random, 8 letters, digits, `-` or `_`. */
  readonly epoch: string;
  readonly limits: PeersLimits;
  readonly faults: FaultCounter;
  readonly now: () => number;
  /** Hands the data of a message to all watchers. */
  readonly tellWatchers: (data: object) => void;
}

/** Changes are gathered for so long into one announcement. */
export const GATHER_MS = 50;
/** Between two asks, and between two lists, of one channel. */
const INTERVAL_MS = 1_000;
const MAX_RETRY_MS = 4_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Who is in one channel: people on its network, our browsers, and those of other bridges, by what bridges announce. */
export class ChannelPresence {
  readonly network: Network;
  readonly #options: ChannelPresenceOptions;
  readonly #announcer: Announcer;
  /** Kept from the first watcher on. */
  #peers: Peers | null = null;
  /** Kept while there are watchers. */
  #view: View | null = null;
  #asksAll = false;
  /** Asks that a list is to answer: epoch, `.`, number. */
  readonly #answers = new Set<string>();
  #mustList = false;
  #flushAtMs = NEVER;
  #helloAtMs = NEVER;
  #askAtMs = NEVER;
  #listAtMs = NEVER;
  #lastAskMs = Number.NEGATIVE_INFINITY;
  #lastListMs = Number.NEGATIVE_INFINITY;
  #retryMs = INTERVAL_MS;

  constructor(options: ChannelPresenceOptions) {
    this.#options = options;
    this.network = options.network;
    this.#announcer = new Announcer({
      epoch: options.epoch,
      maxMembers: options.limits.maxMembers,
      say: (text) => options.network.announce(options.name, text),
    });
  }

  /** When `run` is to be called. */
  get dueMs(): number {
    return Math.min(this.#flushAtMs, this.#helloAtMs, this.#askAtMs, this.#listAtMs);
  }

  /** Somebody watches from now on. @returns the list, which those who watch already know by then */
  watch(): object {
    this.#peers ??= this.#beginTracking();
    this.#view ??= this.#makeView(this.#peers);
    this.#view.setUnlisted(this.#peers.unlisted);
    this.#view.flush();
    return this.#view.snapshot();
  }

  /** Nobody watches any more. */
  unwatch(): void {
    this.#view = null;
  }

  /** A named browser of ours is in the channel. */
  add(id: string, name: string): void {
    this.#announcer.add(id, name);
    this.#view?.add(web(id, name));
    this.#flushSoon();
  }

  remove(id: string): void {
    this.#announcer.remove(id);
    this.#view?.remove(webId(id));
    this.#flushSoon();
  }

  /** Something changed among the people on the network. */
  changed(change: PresenceChange): void {
    this.#view?.changed(change);
    this.#flushSoon();
  }

  /** Another bridge has announced something. */
  announced(peer: string, text: string): void {
    const { faults, name, now } = this.#options;
    const announcement = readAnnouncement(text);
    if (announcement === null) {
      return faults.count("bridge.badAnnouncement", "announcement of another bridge not understood", { name, peer });
    }
    if (announcement.epoch === this.#announcer.epoch) return;
    if (announcement.type === "ask") this.#onAsk(announcement);
    const nowMs = now();
    if (this.#peers?.heard(peer, announcement, nowMs) === false) {
      faults.count("bridge.tooManyPeers", "more bridges in a channel than allowed", { name, peer });
    }
    this.#peers?.sweep(nowMs);
    this.#askIfInDoubt();
    this.#flushSoon();
  }

  /** A bridge came, or came back: it is told how far we are, and asks if it wants to know more. */
  peerJoined(): void {
    if (this.#announcer.hasSpoken) this.#helloAtMs = this.#options.now() + GATHER_MS;
  }

  peerLeft(peer: string): void {
    this.#peers?.left(peer, this.#options.now());
    this.#askIfInDoubt();
  }

  /** The network is there again: we know nothing of the others for certain, nor they of us. */
  up(): void {
    this.#retryMs = INTERVAL_MS;
    this.peerJoined();
    if (!this.#peers) return;
    this.#peers.doubtAll(this.#options.now());
    this.#asksAll = true;
    this.#lastAskMs = Number.NEGATIVE_INFINITY;
    this.#askSoon();
  }

  /** Does what is due by now. */
  run(nowMs: number): void {
    if (this.#flushAtMs <= nowMs) this.#flush();
    if (this.#listAtMs <= nowMs) this.#list(nowMs);
    if (this.#helloAtMs <= nowMs) this.#hello();
    if (this.#askAtMs <= nowMs) this.#ask(nowMs);
  }

  #beginTracking(): Peers {
    this.#asksAll = true;
    this.#askSoon();
    const { limits } = this.#options;
    return new Peers(limits, this.#announcer.epoch, {
      onJoined: ({ id, name }) => this.#view?.add(web(id, name)),
      onLeft: ({ id }) => this.#view?.remove(webId(id)),
      onOverhaul: () => this.#view?.snapshotSoon(),
      nextAsk: () => this.#announcer.asks + 1,
    });
  }

  #makeView(peers: Peers): View {
    const { name, foreignName, network, limits, tellWatchers } = this.#options;
    let isFilled = false;
    const view = new View(limits.maxMembers, { network: network.name, name: foreignName }, (data) => {
      if (isFilled) tellWatchers(data);
    });
    view.changed({ type: "members", members: network.members(name) });
    for (const [id, declared] of this.#announcer.browsers) view.add(web(id, declared));
    for (const browser of peers.browsers()) view.add(web(browser.id, browser.name));
    view.setUnlisted(peers.unlisted);
    view.flush();
    isFilled = true;
    return view;
  }

  #flush(): void {
    this.#flushAtMs = NEVER;
    if (!this.#announcer.change()) this.#retryHello();
    if (this.#peers) this.#view?.setUnlisted(this.#peers.unlisted);
    this.#view?.flush();
  }

  #onAsk({ epoch, number, of }: Extract<Announcement, { type: "ask" }>): void {
    if (of === null ? !this.#announcer.hasSpoken : !of.includes(this.#announcer.epoch)) return;
    this.#mustList = true;
    if (this.#answers.size < MAX_REFERENCES) this.#answers.add(`${epoch}.${number}`);
    this.#listAtMs = Math.min(this.#listAtMs, this.#atRate(this.#lastListMs));
  }

  #list(nowMs: number): void {
    this.#listAtMs = NEVER;
    if (!this.#mustList) return;
    this.#mustList = false;
    this.#lastListMs = nowMs;
    // The list is at the newest version, so that version must have been announced.
    const isHeard = this.#announcer.change() && this.#announcer.list([...this.#answers]);
    this.#answers.clear();
    if (!isHeard) this.#retryHello();
  }

  #hello(): void {
    this.#helloAtMs = NEVER;
    if (!this.#announcer.hello()) this.#retryHello();
    else this.#retryMs = INTERVAL_MS;
  }

  /** Not every network carries announcements, and one that does may have no way to send just now. */
  #retryHello(): void {
    this.#helloAtMs = this.#options.now() + this.#backOff();
  }

  #ask(nowMs: number): void {
    this.#askAtMs = NEVER;
    this.#peers?.sweep(nowMs);
    const doubted = this.#peers?.doubted ?? [];
    this.#flushSoon();
    if (doubted.length === 0 && !this.#asksAll) return;
    const isHeard = this.#announcer.ask(this.#asksAll ? null : doubted);
    this.#lastAskMs = nowMs;
    if (isHeard) this.#asksAll = false;
    if (doubted.length > 0) this.#askAtMs = nowMs + INTERVAL_MS;
    else if (!isHeard) this.#askAtMs = nowMs + this.#backOff();
  }

  #askIfInDoubt(): void {
    if (this.#peers && this.#peers.doubted.length > 0) this.#askSoon();
  }

  #askSoon(): void {
    this.#askAtMs = Math.min(this.#askAtMs, this.#atRate(this.#lastAskMs));
  }

  #atRate(lastMs: number): number {
    return Math.max(this.#options.now() + GATHER_MS, lastMs + INTERVAL_MS);
  }

  #backOff(): number {
    const retryMs = this.#retryMs;
    this.#retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    return retryMs;
  }

  /** Only when there is something to say, so that a quiet channel costs nothing. */
  #flushSoon(): void {
    if (this.#flushAtMs !== NEVER) return;
    if (this.#peers) this.#view?.setUnlisted(this.#peers.unlisted);
    if (this.#announcer.isDue || this.#view?.isDue === true) this.#flushAtMs = this.#options.now() + GATHER_MS;
  }
}

function web(id: string, name: string): { id: string; name: string; network: "web" } {
  return { id: webId(id), name, network: "web" };
}

function webId(id: string): string {
  return `web:${id}`;
}
