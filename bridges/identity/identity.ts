import type { Network } from "../network.ts";
import type { Puppet } from "../puppets.ts";
import type { Session } from "../session/session.ts";

/** Why a puppet is in a channel. */
interface Stay {
  readonly sessions: Set<Session>;
  /** It has published there, and stays for a while. Milliseconds. */
  untilMs: number;
}

/** A browser user on one network: its puppet, and the sessions (tabs) that share it. */
export class Identity {
  /** The same for all tabs of one browser that declare one name, on one network. */
  readonly key: string;
  readonly name: string;
  readonly network: Network;
  readonly puppet: Puppet;
  readonly sessions = new Set<Session>();
  /** Private channel → sessions that are subscribed to it. */
  readonly listeners = new Map<string, Set<Session>>();
  /** Since when it has no session, in milliseconds. */
  idleSinceMs = 0;
  readonly #maxChannels: number;
  readonly #stays = new Map<string, Stay>();

  constructor(key: string, name: string, network: Network, puppet: Puppet, maxChannels: number) {
    this.key = key;
    this.name = name;
    this.network = network;
    this.puppet = puppet;
    this.#maxChannels = maxChannels;
  }

  /** A session has subscribed to a channel. @returns false when the puppet is in as many channels as it may be */
  enter(channel: string, session: Session): boolean {
    const stay = this.#stay(channel);
    stay?.sessions.add(session);
    return stay !== null;
  }

  /** It speaks in a channel. @returns as `enter` does */
  visit(channel: string, untilMs: number): boolean {
    const stay = this.#stay(channel);
    if (stay) stay.untilMs = untilMs;
    return stay !== null;
  }

  exit(channel: string, session: Session, nowMs: number): void {
    const stay = this.#stays.get(channel);
    if (!stay?.sessions.delete(session)) return;
    // Whoever unsubscribes from everything is to be seen no longer; only speaking goes on for a while.
    this.#leaveIfDone(channel, stay, nowMs);
  }

  sweep(nowMs: number): void {
    for (const [channel, stay] of this.#stays) this.#leaveIfDone(channel, stay, nowMs);
  }

  #stay(channel: string): Stay | null {
    const known = this.#stays.get(channel);
    if (known) return known;
    if (this.#stays.size >= this.#maxChannels) return null;
    const stay = { sessions: new Set<Session>(), untilMs: 0 };
    this.#stays.set(channel, stay);
    this.puppet.join(channel);
    return stay;
  }

  #leaveIfDone(channel: string, stay: Stay, nowMs: number): void {
    if (stay.sessions.size > 0 || stay.untilMs > nowMs) return;
    this.#stays.delete(channel);
    this.puppet.leave(channel);
  }
}
