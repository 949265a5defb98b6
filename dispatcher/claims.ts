import { routeOf } from "../bayeux/index.ts";
import { type ClaimContent, type FaultCounter, type Link, surrenderPayload } from "../link/index.ts";
import type { SurrenderContent, SurrenderedChannel, SurrenderedTicket } from "../link/index.ts";
import type { Tickets } from "./tickets.ts";

/** Who has taken over a route, and by which table. */
export interface Fence {
  readonly epoch: number;
  readonly node: number;
  readonly instance: string;
}

/** What answering claims needs to know and to use. */
export interface ClaimsOptions {
  readonly tickets: Tickets;
  readonly faults: FaultCounter;
  /** The table that is known here. */
  readonly table: () => { readonly epoch: number; readonly owners: readonly number[] };
  /** Ends what is open on the links of all others but one, as if they were gone. */
  readonly drop: (except: string, isIt: (clientId: string) => boolean) => void;
}

/** So many tickets and channels in one frame; each may be long. */
const PART_BYTES = 1_048_576;

/**
 * Takeovers of routes whose bridge has died. A claim is the fence: once it is answered, nothing that the former owner
 * says about these routes reaches anybody.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #fences = new Map<number, Fence>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** @returns who has claimed a route by a table that is newer than the one known here, or null */
  claimantOf(route: number): Fence | null {
    const fence = this.#fences.get(route);
    return fence && fence.epoch > this.#options.table().epoch ? fence : null;
  }

  /** False for who was fenced off. */
  maySpeak(instance: string, route: number): boolean {
    const fence = this.#fences.get(route);
    return !fence || fence.instance === instance || this.#options.table().epoch > fence.epoch;
  }

  /** A bridge takes routes over: ends their connections by others, and hands over what there is of their sessions. */
  answer(link: Link, { epoch, routes }: ClaimContent): void {
    const { node, instance } = link.peer;
    const { tickets, drop, faults } = this.#options;
    const taken = new Set(routes.filter((route) => this.#mayTake(route, epoch, node)));
    if (taken.size < routes.length) faults.count("claims.late", "routes claimed that have another owner", { node });
    for (const route of taken) this.#fences.set(route, { epoch, node, instance });
    drop(instance, (clientId) => taken.has(routeOf(clientId) ?? 0));
    const { channels, tickets: found } = tickets.of(taken);
    const send = (content: Partial<SurrenderContent>): void => {
      const payload = surrenderPayload({ epoch, tickets: [], channels: [], isLast: false, ...content });
      link.send({ type: "surrender", payload });
    };
    // What the numbers mean comes before them.
    for (const part of cut(channels, bytesOfChannel)) send({ channels: part });
    for (const part of cut(found, bytesOfTicket)) send({ tickets: part });
    send({ isLast: true });
  }

  #mayTake(route: number, epoch: number, node: number): boolean {
    const table = this.#options.table();
    const fence = this.#fences.get(route);
    if (fence && (fence.epoch > epoch || (fence.epoch === epoch && fence.node !== node))) return false;
    return table.epoch <= epoch || table.owners[route - 1] === node;
  }
}

/** Parts that fit into a frame each. */
function* cut<T>(all: readonly T[], bytesOf: (one: T) => number): Generator<T[]> {
  let part: T[] = [];
  let bytes = 0;
  for (const one of all) {
    part.push(one);
    bytes += bytesOf(one);
    if (bytes < PART_BYTES) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length > 0) yield part;
}

const bytesOfTicket = ({ ticket }: SurrenderedTicket): number => 200 + ticket.length;
const bytesOfChannel = ({ channel, ids }: SurrenderedChannel): number =>
  ids.reduce((sum, id) => sum + id.length + 20, channel.length + 100);
