import type { Random } from "../../../support/seeded.ts";
import { between } from "../../../support/seeded.ts";
import type { HistoryPage, Member, Network, NetworkInbox } from "../../../../bridges/index.ts";

type Inbox = Pick<NetworkInbox, "presence" | "announcement" | "peerJoined" | "peerLeft" | "up" | "down">;

/** Times on the simulated network, in milliseconds. */
const DELAY_MS = { least: 1, most: 40 };

/** Several bridges' places on one simulated network of one channel, which splits, heals, and loses what is on its way. */
export class SplitNetwork {
  readonly #random: Random;
  readonly #places: Place[] = [];
  /** Announcements that were taken. */
  announcements = 0;
  /** Whatever is announced gets lost. */
  isLosing = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns the place of one more bridge, which is not connected yet */
  place(peer: string): Place {
    const place = new Place(peer, this);
    this.#places.push(place);
    return place;
  }

  /** Everybody who sees this place, but itself. */
  others(place: Place): Place[] {
    return this.#places.filter((other) => other !== place && sees(place, other));
  }

  /** Splits or heals: places with the same letter are together. */
  divide(letters: ReadonlyMap<Place, string>): void {
    const pairs = this.#places.flatMap((one) => this.#places.map((other) => [one, other] as const));
    const saw = pairs.map(([one, other]) => sees(one, other));
    for (const [place, letter] of letters) place.side = letter;
    pairs.forEach(([one, other], index) => {
      if (one !== other) one.notice(other, saw[index] ?? false);
    });
  }

  /** Connects or cuts off one place. */
  connect(place: Place, isConnected: boolean): void {
    const saw = new Map(this.#places.map((other) => [other, sees(place, other)]));
    place.isConnected = isConnected;
    for (const other of this.#places) if (other !== place) other.notice(place, saw.get(other) ?? false);
    if (isConnected) {
      // As after a real rejoin: the people first, then up.
      place.inbox?.presence(place.channel, { type: "members", members: place.members() });
      place.inbox?.up();
    } else place.inbox?.down("cut");
  }

  announce(place: Place, text: string): void {
    this.announcements += 1;
    if (this.isLosing) return;
    for (const other of this.others(place)) {
      other.arriveFrom(place, text, between(this.#random, DELAY_MS.least, DELAY_MS.most));
    }
  }
}

/** One bridge's side of the network. */
export class Place implements Network {
  readonly name = "fake";
  readonly channel = "/lobby";
  readonly peer: string;
  inbox: Inbox | null = null;
  side = "a";
  isConnected = false;
  /** It has no way to say something. */
  isMute = false;
  people: readonly Member[] = [];
  readonly #network: SplitNetwork;
  /** When the newest announcement of each other place arrives: none overtakes another. */
  readonly #lastMs = new Map<Place, number>();

  constructor(peer: string, network: SplitNetwork) {
    this.peer = peer;
    this.#network = network;
  }

  /** Somebody comes into view, or goes out of it. */
  notice(other: Place, saw: boolean): void {
    if (!this.isConnected || sees(this, other) === saw) return;
    if (saw) this.inbox?.peerLeft(this.channel, other.peer);
    else this.inbox?.peerJoined(this.channel, other.peer);
  }

  arriveFrom(other: Place, text: string, delayMs: number): void {
    const atMs = Math.max(Date.now() + delayMs, this.#lastMs.get(other) ?? 0);
    this.#lastMs.set(other, atMs);
    // What comes after its sender's end is no news: it was on its way. Over a split it is lost.
    setTimeout(() => {
      if (this.isConnected && this.side === other.side) this.inbox?.announcement(this.channel, other.peer, text);
    }, atMs - Date.now());
  }

  announce(_channel: string, text: string): boolean {
    if (!this.isConnected || this.isMute) return false;
    this.#network.announce(this, text);
    return true;
  }

  members(): readonly Member[] {
    return this.people;
  }

  start(): void {}

  async join(): Promise<void> {}

  async leave(): Promise<void> {}

  async publish(): Promise<void> {}

  async history(): Promise<HistoryPage> {
    return { messages: [], isContiguous: false, hasMore: false };
  }

  async discover(): Promise<readonly string[]> {
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function sees(one: Place, other: Place): boolean {
  return one.isConnected && other.isConnected && one.side === other.side;
}
