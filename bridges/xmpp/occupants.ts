import type { Member, PresenceChange } from "../network.ts";

/** Who hears of the people in a room. */
export interface OccupantsOwner {
  readonly isBridge: (nick: string) => boolean;
  onChange(change: PresenceChange): void;
  /** Another bridge has come while we are there. */
  onPeerJoined(nick: string): void;
  onPeerLeft(nick: string): void;
}

/** Who is in one room: people, and the connections of other bridges, which are not shown. */
export class Occupants {
  readonly #room: string;
  readonly #owner: OccupantsOwner;
  readonly #nicks = new Set<string>();
  /** Other bridges that were there before we were away. */
  #formerPeers = new Set<string>();
  /** False while the list is still coming, or we are away: nothing is told then. */
  #isComplete = false;

  /** @param room bare JID */
  constructor(room: string, owner: OccupantsOwner) {
    this.#room = room;
    this.#owner = owner;
  }

  get members(): readonly Member[] {
    if (!this.#isComplete) return [];
    return [...this.#nicks].filter((nick) => !this.#owner.isBridge(nick)).map((nick) => this.#memberOf(nick));
  }

  /** We are away: the list begins anew. */
  clear(): void {
    for (const nick of this.#nicks) if (this.#owner.isBridge(nick)) this.#formerPeers.add(nick);
    this.#nicks.clear();
    this.#isComplete = false;
  }

  /** We are in: the list is complete. */
  complete(): void {
    this.#isComplete = true;
    this.forgetPeers();
  }

  /** Tells which of the bridges from before are not there. */
  forgetPeers(): void {
    const gone = [...this.#formerPeers].filter((nick) => !this.#nicks.has(nick));
    this.#formerPeers = new Set();
    for (const nick of gone) this.#owner.onPeerLeft(nick);
  }

  add(nick: string): void {
    if (this.#nicks.has(nick)) return;
    this.#nicks.add(nick);
    if (!this.#owner.isBridge(nick)) this.#tell({ type: "joined", member: this.#memberOf(nick) });
    else if (this.#isComplete) this.#owner.onPeerJoined(nick);
  }

  remove(nick: string): void {
    if (!this.#nicks.delete(nick)) return;
    if (!this.#owner.isBridge(nick)) this.#tell({ type: "left", member: this.#memberOf(nick) });
    else if (this.#isComplete) this.#owner.onPeerLeft(nick);
    else this.#formerPeers.add(nick);
  }

  rename(former: string, nick: string): void {
    const { isBridge } = this.#owner;
    if (isBridge(former) || isBridge(nick) || !this.#nicks.has(former)) {
      this.remove(former);
      this.add(nick);
      return;
    }
    this.#nicks.delete(former);
    this.#nicks.add(nick);
    const { id: formerId } = this.#memberOf(former);
    this.#tell({ type: "renamed", member: this.#memberOf(nick), formerId, formerName: former });
  }

  #tell(change: PresenceChange): void {
    if (this.#isComplete) this.#owner.onChange(change);
  }

  /** Nicks are only unique in their room. */
  #memberOf(nick: string): Member {
    return { id: `xmpp:${this.#room}/${nick}`, name: nick };
  }
}
