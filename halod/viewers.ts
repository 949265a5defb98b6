import type { Link } from "../link/index.ts";
import { changeBetween } from "./changes.ts";
import { controlPayload } from "./control.ts";
import { drawLive, MAX_EVENTS, type LivePicture, type PictureEvent } from "./live-picture.ts";
import { clusterOf, type Membership } from "./membership.ts";
import { Meter, type Counts } from "./reports.ts";
import { statusOf } from "./status.ts";

export interface ViewersOptions {
  /** What HaloD began with: nothing of it is news. */
  readonly membership: Membership;
  /** Milliseconds since 1970 that only grow. */
  readonly now: () => number;
}

/** While somebody looks, a picture is drawn so often, and told where it is another one. */
const INTERVAL_MS = 1_000;
/** A change of the table is told sooner; so many at once leave as one picture. */
const MIN_GAP_MS = 200;

/** Tells the members that want to know what the stack looks like, and keeps what that takes. */
export class Viewers {
  readonly #now: () => number;
  /** What each was told last. */
  readonly #told = new Map<Link, string>();
  /** By instance. */
  readonly #meters = new Map<string, Meter>();
  /** By instance: a number of its own for each, the lowest that is free. */
  readonly #dispatchers = new Map<string, number>();
  readonly #events: PictureEvent[] = [];
  readonly #dead = new Set<string>();
  #membership: Membership;
  #timer: NodeJS.Timeout | null = null;
  #atMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor({ membership, now }: ViewersOptions) {
    this.#membership = membership;
    this.#now = now;
  }

  /** HaloD goes on from this: nothing of it is news. */
  begin(membership: Membership): void {
    this.#membership = membership;
  }

  /** Everybody may know of this now. */
  show(membership: Membership): void {
    const change = changeBetween(this.#membership, membership, this.#dead);
    this.#membership = membership;
    this.#dead.clear();
    if (change) this.#note(change.text, change.moved);
    this.#schedule(MIN_GAP_MS);
  }

  /** Instances that were declared dead; whoever else is gone has left. */
  died(instances: readonly string[]): void {
    for (const instance of instances) this.#dead.add(instance);
  }

  /** A dispatcher has registered. */
  came({ peer: { instance } }: Link): void {
    if (this.#dispatchers.has(instance)) return;
    const taken = new Set(this.#dispatchers.values());
    let number = 1;
    while (taken.has(number)) number++;
    this.#dispatchers.set(instance, number);
    this.#note(`dispatcher ${number} came`);
    this.#schedule(MIN_GAP_MS);
  }

  /** The link of a member has ended. */
  went(link: Link): void {
    const { instance } = link.peer;
    this.watch(link, false);
    this.#meters.delete(instance);
    const number = this.#dispatchers.get(instance);
    if (number === undefined) return;
    this.#dispatchers.delete(instance);
    this.#note(`dispatcher ${number} went`);
    this.#schedule(MIN_GAP_MS);
  }

  /** A member tells how busy it is. */
  report({ peer: { instance } }: Link, report: Counts): void {
    const meter = this.#meters.get(instance) ?? new Meter();
    meter.take(report);
    this.#meters.set(instance, meter);
  }

  /** A member wants to know from now on, or no more. */
  watch(link: Link, isOn: boolean): void {
    if (!isOn) {
      this.#told.delete(link);
      return;
    }
    if (!this.#told.has(link)) this.#told.set(link, "");
    this.#schedule(0);
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#told.clear();
  }

  #note(text: string, moved = 0): void {
    this.#events.push({ timeMs: Math.floor(this.#now()), epoch: this.#membership.epoch, moved, text });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** The next picture is due so long after the last one, unless it is due before that. Without viewers nothing is. */
  #schedule(gapMs: number): void {
    if (this.#told.size === 0) return;
    const atMs = Math.max(this.#now(), this.#lastMs + gapMs);
    if (this.#timer && this.#atMs <= atMs) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#atMs = atMs;
    this.#timer = setTimeout(() => this.#tell(), Math.max(0, atMs - this.#now())).unref();
  }

  #tell(): void {
    this.#timer = null;
    if (this.#told.size === 0) return;
    this.#lastMs = this.#now();
    const payload = controlPayload({ type: "picture", picture: this.#draw() });
    const text = payload.toString();
    for (const [link, told] of this.#told) {
      // A full one gets the newest later, and none of those between.
      if (told === text || link.isFull) continue;
      this.#told.set(link, text);
      link.send({ type: "control", payload });
    }
    this.#schedule(INTERVAL_MS);
  }

  #draw(): LivePicture {
    const { epoch, changedMs, nodes } = statusOf(this.#membership, this.#dispatchers.size);
    const figuresOf = (instance: string) => this.#meters.get(instance)?.figures ?? null;
    return drawLive({
      epoch,
      changedMs,
      owners: clusterOf(this.#membership)?.owners ?? new Array<number>(this.#membership.routes).fill(0),
      bridges: nodes.map((node) => ({ ...node, figures: figuresOf(node.instance) })),
      dispatchers: [...this.#dispatchers]
        .map(([instance, number]) => ({ number, connections: figuresOf(instance)?.connections ?? null }))
        .toSorted((a, b) => a.number - b.number),
      events: this.#events,
    });
  }
}
