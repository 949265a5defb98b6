import { BayeuxError } from "../../bayeux/index.ts";
import type { FaultCounter } from "../../link/index.ts";
import type { Logger } from "pino";
import type { Channel } from "../channel/channel.ts";
import type { Network } from "../network.ts";
import type { PrivateMessage, Puppet, Puppets } from "../puppets.ts";
import type { Session } from "../session/session.ts";
import { addressText } from "./address.ts";
import { Identity } from "./identity.ts";

/** What keeping identities needs. */
export interface IdentitiesOptions {
  /** How long a puppet stays after the last session of its user. */
  readonly puppetLingerMs: number;
  /** How long a puppet stays in a channel after it spoke there, where no session of its user is subscribed. */
  readonly leaveAfterMs: number;
  /** Channels that one puppet may be in. */
  readonly maxSubscriptions: number;
  readonly now: () => number;
  readonly log: Logger;
  readonly faults: FaultCounter;
  readonly onTold: (identity: Identity, message: PrivateMessage) => void;
}

const SWEEP_MS = 1_000;

/**
 * Which browser user is whom on which network, where the network has users of their own for browsers.
 *
 * Decided when a session first has to do with a network, and for as long as it lives: its own user, which all tabs of one
 * browser share that declare one name, or the shared connections.
 */
export class Identities {
  readonly #options: IdentitiesOptions;
  readonly #byKey = new Map<string, Identity>();
  /** null: by the shared connections, because there are as many puppets as there may be. */
  readonly #bySession = new Map<Session, Map<Network, Identity | null>>();
  /** Networks whose bound was reached, and told. */
  readonly #full = new Set<Network>();
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(options: IdentitiesOptions) {
    this.#options = options;
  }

  /** Puppets that are there, or linger. */
  get size(): number {
    return this.#byKey.size;
  }

  /** @returns whom a session is on a network, or null where it speaks by the shared connections */
  of(session: Session, network: Network): Identity | null {
    const { puppets } = network;
    if (!puppets || session.name === null) return null;
    const known = this.#bySession.get(session)?.get(network);
    if (known !== undefined) return known;
    if (session.hasEnded || this.#isStopped) return null;
    const identity = this.#obtain(session, session.name, network, puppets);
    const ofSession = this.#bySession.get(session) ?? new Map<Network, Identity | null>();
    this.#bySession.set(session, ofSession.set(network, identity));
    identity?.sessions.add(session);
    return identity;
  }

  /** Whether it is a user of its own on any network. */
  isSomebody(session: Session): boolean {
    return [...(this.#bySession.get(session)?.values() ?? [])].some((identity) => identity !== null);
  }

  /** A session has subscribed to a channel. @returns true where people see its puppet there, and so the browser */
  joined(session: Session, { name, network }: Channel): boolean {
    const identity = this.of(session, network);
    if (identity?.enter(name, session) === false) {
      const detail = { channel: name, session: session.label };
      this.#options.faults.count("bridge.puppetChannels", "a user is in as many channels as it may be", detail);
    }
    return identity !== null;
  }

  /** The other end of `joined`. @returns what that returned */
  left(session: Session, { name, network }: Channel): boolean {
    const identity = this.#bySession.get(session)?.get(network) ?? null;
    identity?.exit(name, session, this.#options.now());
    return identity !== null;
  }

  /** @returns the puppet that speaks for a session in a channel, or null. @throws BayeuxError `tooMany` */
  speaker(session: Session, channel: string, network: Network): Puppet | null {
    const { now, leaveAfterMs, maxSubscriptions } = this.#options;
    const identity = this.of(session, network);
    if (identity === null) return null;
    if (!identity.visit(channel, now() + leaveAfterMs)) {
      throw new BayeuxError("tooMany", ["channels of a user", String(maxSubscriptions)]);
    }
    return identity.puppet;
  }

  /** A session ended. Its puppet stays for a while: the page may only be loaded again. */
  ended(session: Session): void {
    for (const identity of this.#bySession.get(session)?.values() ?? []) {
      identity?.sessions.delete(session);
      if (identity) identity.idleSinceMs = this.#options.now();
    }
    this.#bySession.delete(session);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    for (const identity of this.#byKey.values()) identity.puppet.release();
    this.#byKey.clear();
  }

  #obtain(session: Session, name: string, network: Network, puppets: Puppets): Identity | null {
    // Without a cookie nothing tells that two pages are of one browser.
    const browser = session.context.browser === "" ? session.publicId : session.context.browser;
    const key = JSON.stringify([network.name, browser, name]);
    const known = this.#byKey.get(key);
    if (known) return known;
    if (!this.#makeRoom(network, puppets.max)) return this.#refuse(session, network, puppets.max);
    const owner = { told: (message: PrivateMessage) => this.#options.onTold(identity, message) };
    const puppet = puppets.attach({ name, address: addressText(session.context.address) }, owner);
    const identity: Identity = new Identity(key, name, network, puppet, this.#options.maxSubscriptions);
    this.#byKey.set(key, identity);
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    return identity;
  }

  /** Who only lingers goes for somebody who is there. */
  #makeRoom(network: Network, max: number): boolean {
    const ofNetwork = [...this.#byKey.values()].filter((identity) => identity.network === network);
    if (ofNetwork.length < max) return true;
    const idle = ofNetwork.filter(({ sessions }) => sessions.size === 0);
    const [longest] = idle.sort((one, other) => one.idleSinceMs - other.idleSinceMs);
    if (longest) this.#release(longest);
    return longest !== undefined;
  }

  #refuse(session: Session, network: Network, max: number): null {
    const detail = { network: network.name, max, session: session.label };
    this.#options.faults.count("bridge.puppets", "no user of its own for a session, there are too many", detail);
    if (!this.#full.has(network)) {
      this.#options.log.warn(
        { network: network.name, maxPuppets: max },
        "as many users of their own as there may be; further browsers share the bridge's connections",
      );
    }
    this.#full.add(network);
    return null;
  }

  #release(identity: Identity): void {
    this.#byKey.delete(identity.key);
    identity.puppet.release();
  }

  #sweep(): void {
    const nowMs = this.#options.now();
    for (const identity of this.#byKey.values()) {
      const isOver = identity.sessions.size === 0 && nowMs - identity.idleSinceMs >= this.#options.puppetLingerMs;
      if (isOver) this.#release(identity);
      else identity.sweep(nowMs);
    }
    if (this.#byKey.size > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
