import type { Member, PresenceChange } from "./network.ts";
import type { Channel } from "./channel/channel.ts";
import type { Session } from "./session/session.ts";

const PREFIX = "/presence";

/** Somebody in a channel, as browsers see them. */
interface Present extends Member {
  /** `"web"` for browsers, else the network's name. */
  readonly network: string;
}

/** @returns the channel that a presence channel is about, or null where it is none: `/presence/lobby` → `/lobby` */
export function watchedChannel(name: string): string | null {
  return name.startsWith(`${PREFIX}/`) ? name.slice(PREFIX.length) : null;
}

/** @returns the channel that tells who is in another: `/lobby` → `/presence/lobby` */
export function presenceChannel(name: string): string {
  return PREFIX + name;
}

/** True for `/presence` and everything below it: the bridge alone speaks there. */
export function isPresence(name: string): boolean {
  return name === PREFIX || name.startsWith(`${PREFIX}/`);
}

/** How a message reaches one session, or many; the bridge's way of numbering and queueing it. */
export interface PresenceOutlet {
  toWatchers(channel: Channel, text: string): void;
  toSession(session: Session, channel: Channel, text: string): void;
}

/**
 * Who is in a channel: people on its network, and browsers of this bridge that declared a name and subscribed to it.
 *
 * A watcher gets the list once, and then what changes.
 */
export class Presence {
  readonly #outlet: PresenceOutlet;

  constructor(outlet: PresenceOutlet) {
    this.#outlet = outlet;
  }

  /** A session begins to watch: it alone gets the list. */
  watch(channel: Channel, session: Session): void {
    channel.watchers.add(session);
    this.#outlet.toSession(session, channel, textOf(channel, { members: membersOf(channel) }));
  }

  /** A browser subscribed to the channel itself. */
  joined(channel: Channel, session: Session): void {
    if (session.name !== null) this.#tell(channel, { joined: browser(session, session.name) });
  }

  left(channel: Channel, session: Session): void {
    if (session.name !== null) this.#tell(channel, { left: browser(session, session.name) });
  }

  /** Something changed among the people on the network. */
  changed(channel: Channel, change: PresenceChange): void {
    const network = channel.network.name;
    switch (change.type) {
      case "joined":
        return this.#tell(channel, { joined: { ...change.member, network } });
      case "left":
        return this.#tell(channel, { left: { ...change.member, network } });
      case "renamed": {
        const { member, formerId, formerName } = change;
        return this.#tell(channel, { renamed: { ...member, network, formerId, formerName } });
      }
      case "members":
        return this.#tell(channel, { members: membersOf(channel) });
    }
  }

  #tell(channel: Channel, data: object): void {
    if (channel.watchers.size > 0) this.#outlet.toWatchers(channel, textOf(channel, data));
  }
}

function membersOf(channel: Channel): Present[] {
  const people = channel.network.members(channel.name).map((member) => ({ ...member, network: channel.network.name }));
  const browsers: Present[] = [];
  for (const session of channel.subscribers) if (session.name !== null) browsers.push(browser(session, session.name));
  return [...people, ...browsers];
}

function browser(session: Session, name: string): Present {
  return { id: `web:${session.publicId}`, name, network: "web" };
}

function textOf(channel: Channel, data: object): string {
  return JSON.stringify({ channel: presenceChannel(channel.name), data });
}
