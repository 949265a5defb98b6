import type { Link } from "../link/index.ts";
import type { Registration } from "./membership.ts";
import { bridgeVoter, dispatcherVoter, MAX_VOTING_DISPATCHERS } from "./electorate.ts";

/** What a member said of itself when it registered. */
export interface Entry {
  readonly link: Link;
  /** host:port of a bridge. */
  readonly address: string;
  /** Of the table that it had, or 0. */
  readonly epoch: number;
}

/** The links of those who have registered, whoever acts. A process has one. */
export class Register {
  /** By instance. */
  readonly links = new Map<string, Link>();
  readonly #entries = new Map<string, Entry>();
  #voters: { readonly bridges: readonly Registration[]; readonly names: readonly string[] } | null = null;
  #dispatchers = 0;

  get dispatchers(): number {
    return this.#dispatchers;
  }

  /** The bridges first: one that knows the newest table serves what dispatchers send it by that. */
  get entries(): Entry[] {
    const all = [...this.#entries.values()];
    return [...all.filter(({ link }) => isBridge(link)), ...all.filter(({ link }) => !isBridge(link))];
  }

  readonly isLinked = (instance: string): boolean => this.links.has(instance);

  /**
   * Who is to have a say from the next state on, but for HaloDs.
   *
   * @param bridges of that state @returns the same array as long as nothing changes: it is asked often
   */
  votersWith(bridges: readonly Registration[]): readonly string[] {
    if (this.#voters?.bridges !== bridges) this.#voters = { bridges, names: this.#namesWith(bridges) };
    return this.#voters.names;
  }

  #namesWith(bridges: readonly Registration[]): string[] {
    const voters = bridges.map(({ node, instance }) => bridgeVoter(node, instance));
    const most = voters.length + MAX_VOTING_DISPATCHERS;
    for (const [instance, link] of this.links) {
      if (voters.length === most) break;
      if (!isBridge(link)) voters.push(dispatcherVoter(instance));
    }
    return voters;
  }

  add(entry: Entry): void {
    const { instance } = entry.link.peer;
    if (!this.links.has(instance) && !isBridge(entry.link)) this.#dispatchers++;
    this.#voters = null;
    this.links.set(instance, entry.link);
    this.#entries.set(instance, entry);
  }

  /** @returns whether it was there */
  remove({ peer: { instance } }: Link): boolean {
    const link = this.links.get(instance);
    if (!link) return false;
    if (!isBridge(link)) this.#dispatchers--;
    this.#voters = null;
    this.#entries.delete(instance);
    return this.links.delete(instance);
  }

  has(link: Link): boolean {
    return this.links.get(link.peer.instance) === link;
  }
}

/** How whoever is at the other end of a link is called where votes are counted. */
export function voterOf({ peer: { role, node, instance } }: Link): string {
  return role === "bridge" ? bridgeVoter(node, instance) : dispatcherVoter(instance);
}

function isBridge({ peer }: Link): boolean {
  return peer.role === "bridge";
}
