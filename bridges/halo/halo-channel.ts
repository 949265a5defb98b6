import { BayeuxError } from "../../bayeux/index.ts";
import { drawLive, Meter, routeCounts } from "../../halod/index.ts";
import type { Cluster, LivePicture } from "../../halod/index.ts";
import type { Broadcast } from "../broadcast.ts";
import { audienceOf } from "../channel/channel.ts";
import type { Log } from "../log/log.ts";
import type { Session } from "../session/session.ts";
import { HALO_CHANNEL, isHalo } from "./halo-name.ts";
import type { BridgeNumbers } from "./numbers.ts";

/** What showing the stack needs. */
export interface HaloChannelOptions {
  /** Whether browsers may see it. */
  readonly isOn: boolean;
  /** Our own number. */
  readonly node: number;
  readonly messages: Log;
  readonly broadcast: Broadcast;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/** Tells pictures of the whole stack, while somebody wants them: HaloD's client. */
export interface PictureSource {
  /** @param onPicture told null while the source is away; null: no more of them */
  watch(onPicture: ((picture: LivePicture | null) => void) | null): void;
}

const INTERVAL_MS = 1_000;
const REFUSED = "This stack does not show itself - bridge.haloChannel is for that";

/**
 * `/halo`: the stack as it is now, of which only the newest picture counts. Whoever subscribes gets it at once, and a slow
 * reader never more than the newest.
 *
 * Pictures come from HaloD, and only while somebody here looks; without one, the bridge draws what it knows itself.
 */
export class HaloChannel {
  readonly #options: HaloChannelOptions;
  readonly #watchers = new Set<Session>();
  readonly #meter = new Meter();
  #numbers: () => BridgeNumbers = () => NOTHING;
  #source: PictureSource | null = null;
  #cluster: Cluster = { epoch: 0, owners: [], nodes: [] };
  #changedMs = 0;
  /** The source's newest, while it is there. */
  #picture: LivePicture | null = null;
  /** What was told last; "" while nobody looks. */
  #text = "";
  #timer: NodeJS.Timeout | null = null;

  constructor(options: HaloChannelOptions) {
    this.#options = options;
  }

  /** @param source null: nobody tells of the other bridges @param numbers of this bridge */
  follow(source: PictureSource | null, numbers: () => BridgeNumbers): void {
    this.#source = source;
    this.#numbers = numbers;
  }

  /** The routes have these owners now. */
  onTable(cluster: Cluster): void {
    this.#cluster = cluster;
    this.#changedMs = Math.floor(this.#options.now());
    if (this.#watchers.size > 0 && !this.#source) this.#drawOwn();
  }

  /** @throws BayeuxError `forbidden` where browsers may not see it */
  check(): void {
    if (!this.#options.isOn) throw new BayeuxError("forbidden", [HALO_CHANNEL], REFUSED);
  }

  watch(session: Session): void {
    this.#watchers.add(session);
    if (this.#watchers.size === 1) this.#begin();
    else if (this.#text !== "") this.#send([session]);
  }

  unwatch(session: Session): void {
    if (this.#watchers.delete(session) && this.#watchers.size === 0) this.stop();
  }

  /** Nobody looks any more. */
  stop(): void {
    this.#source?.watch(null);
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#picture = null;
    this.#text = "";
  }

  #begin(): void {
    if (this.#source) return this.#source.watch((picture) => this.#onPicture(picture));
    this.#timer = setInterval(() => this.#drawOwn(), INTERVAL_MS).unref();
    this.#drawOwn();
  }

  #onPicture(picture: LivePicture | null): void {
    this.#picture = picture ?? this.#picture;
    this.#tell({ source: "halod", isCurrent: picture !== null, picture: this.#picture ?? this.#own(false) });
  }

  #drawOwn(): void {
    this.#tell({ source: "list", isCurrent: true, picture: this.#own(true) });
  }

  /** What this bridge knows by itself: the table, and its own numbers. */
  #own(hasFigures: boolean): LivePicture {
    const { epoch, owners, nodes } = this.#cluster;
    const { dispatchers, ...numbers } = this.#numbers();
    this.#meter.take({ type: "report", atMs: this.#options.now(), ...numbers });
    const counts = routeCounts(owners);
    const bridges = nodes.map(({ node, state }) => {
      const figures = hasFigures && node === this.#options.node ? this.#meter.figures : null;
      return { node, state, routes: counts.get(node) ?? 0, figures };
    });
    return drawLive({ epoch, changedMs: this.#changedMs, owners, bridges, dispatchers, events: [] });
  }

  #tell({ picture, ...about }: { source: "halod" | "list"; isCurrent: boolean; picture: LivePicture }): void {
    const data = { ...about, bridge: this.#options.node, ...picture };
    const text = JSON.stringify({ channel: HALO_CHANNEL, data });
    if (text === this.#text) return;
    this.#text = text;
    this.#send(this.#watchers);
  }

  #send(sessions: Iterable<Session>): void {
    const { broadcast, messages } = this.#options;
    const audience = audienceOf(sessions);
    for (const session of audience.queued) session.requeue(withoutHalo(session));
    broadcast.send(audience, messages.entry(HALO_CHANNEL, "", this.#text));
  }
}

const NOTHING: BridgeNumbers = {
  ...{ connections: 0, sessions: 0, heard: 0, delivered: 0, dispatchers: [] },
  protection: null,
};

/** What waits for a session, without the picture that a newer one replaces. */
function withoutHalo({ queue }: Session): Session["queue"] {
  return queue.some(({ channel }) => isHalo(channel)) ? queue.filter(({ channel }) => !isHalo(channel)) : queue;
}
