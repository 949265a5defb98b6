import { type Element } from "@xmpp/client";
import { NetworkError, type Publication } from "../network.ts";
import type { Puppet, PuppetAddress, PuppetOwner } from "../puppets.ts";
import type { XmppConfig } from "./config.ts";
import type { RoomNames } from "./names.ts";
import type { Outgoing } from "./outgoing.ts";
import { decodePayload } from "./payload.ts";
import { Rooms } from "./rooms.ts";
import { NS, refusalOf, splitJid } from "./stanzas.ts";

/** What one puppet is made of. */
export interface PuppetParts {
  readonly config: XmppConfig;
  readonly names: RoomNames;
  readonly mucService: string;
  /** Bare JID. */
  readonly jid: string;
  readonly isItsName: boolean;
  /** To try in rooms, best first. */
  readonly nicks: readonly string[];
  readonly outgoing: Outgoing;
  readonly owner: PuppetOwner;
  /** Sends a stanza of the puppet's. */
  readonly send: (stanza: Element) => void;
  readonly sendText: (text: string) => void;
  readonly nextId: () => string;
  /** The bridge itself is in this channel's room. */
  readonly isOpen: (channel: string) => boolean;
  /** Resolves when whoever has this JID has answered for everything that was sent before. @throws NetworkError */
  readonly barrier: (to: string) => Promise<void>;
  readonly now: () => number;
  readonly newId: () => string;
  readonly onReleased: () => void;
}

const RESOURCE = "tailspin";
/** `name@domain`, and in rooms `/nick` behind it. */
const JID = /^[^\s"&'/:<>@]+@[^\s"&'/:<>@]+(?:\/.{1,255})?$/u;

/** A user of a component: somebody in rooms, with a JID at which people reach it. */
export class XmppPuppet implements Puppet {
  readonly rooms: Rooms;
  readonly #parts: PuppetParts;
  readonly #wanted = new Set<string>();
  /** Stanza id → what was said to one person, as long as it may be refused. */
  readonly #telling = new Map<string, { readonly to: string; refuse(error: NetworkError): void }>();
  #isReleased = false;

  constructor(parts: PuppetParts) {
    this.#parts = parts;
    this.rooms = this.#makeRooms();
  }

  get address(): string {
    return `${this.#parts.jid}/${RESOURCE}`;
  }

  /** A component's users are there as soon as it is: nobody has to let them in. */
  ready(): Promise<PuppetAddress> {
    return Promise.resolve({ nick: this.#parts.jid, isItsName: this.#parts.isItsName });
  }

  join(channel: string): void {
    this.#wanted.add(channel);
    if (this.#parts.isOpen(channel)) this.onOpen(channel);
  }

  /** Not before the bridge is in: whoever comes first into a room that is new would own it. */
  onOpen(channel: string): void {
    // What it says there fails with the words of a refusal; else it is only not seen.
    if (this.#wanted.has(channel)) this.rooms.want(channel);
  }

  leave(channel: string): void {
    this.#wanted.delete(channel);
    this.rooms.leave(channel);
  }

  async publish(channel: string, publication: Publication): Promise<void> {
    await this.rooms.join(channel);
    const room = this.rooms.get(channel);
    if (room?.isJoined !== true) throw new NetworkError("unavailable", "left the room meanwhile");
    await this.#parts.outgoing.publish(room, unsigned(publication), this.address);
  }

  async tell(to: string, publication: Publication): Promise<void> {
    if (!JID.test(to)) throw new NetworkError("refused", "people on XMPP have addresses such as name@example.org");
    const { outgoing, sendText, barrier } = this.#parts;
    const { id, text } = outgoing.write(to, "chat", unsigned(publication), this.address);
    const { promise: refused, reject } = Promise.withResolvers<never>();
    refused.catch(() => undefined); // It may come after the barrier, which is an answer as well.
    this.#telling.set(id, { to: splitJid(to)[0].toLowerCase(), refuse: reject });
    try {
      sendText(text);
      await Promise.race([refused, barrier(to)]);
    } finally {
      this.#telling.delete(id);
    }
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.rooms.close();
    this.#parts.onReleased();
  }

  /** True for its nick in a room. @param jid bare JID of the room */
  isIn(jid: string, nick: string): boolean {
    return this.rooms.find(jid)?.nick === nick;
  }

  onMessage(stanza: Element): void {
    const { type, from = "", id = "" } = stanza.attrs;
    const [bare] = splitJid(from);
    if (type === "error") {
      const told = this.#telling.get(id);
      if (told?.to === bare.toLowerCase()) told.refuse(new NetworkError("refused", refusalOf(stanza).words));
      return;
    }
    // What is said in rooms is heard by the bridge, once for all.
    if (type === "groupchat") return;
    const said = decodePayload(stanza, false);
    if (said === null) return;
    const { owner, mucService, now, newId } = this.#parts;
    const isOfRoom = bare.toLowerCase().endsWith(`@${mucService}`);
    owner.told({ data: said.data, from: isOfRoom ? from : bare, timeMs: now(), id: newId() });
  }

  #makeRooms(): Rooms {
    const { config, names, nicks, now, nextId, send } = this.#parts;
    const ignore = (): void => {};
    return new Rooms({
      config,
      names,
      nicks,
      now,
      owner: {
        send: (stanza) => {
          stanza.attrs["from"] = this.address;
          send(stanza);
        },
        // Puppets own no rooms, so they set none up.
        ask: () => Promise.reject(new NetworkError("refused", "the room is the bridge's")),
        nextId,
        // The bridge's own occupant knows who is there.
        occupantsOwner: () => ({ isBridge: () => true, onChange: ignore, onPeerJoined: ignore, onPeerLeft: ignore }),
        onJoined: ignore,
        onLost: ignore,
        onSetUpFailed: ignore,
      },
    });
  }
}

/** Its nick says who it is. */
function unsigned(publication: Publication): Publication {
  return { ...publication, from: null };
}

/** @returns whom to ask so that the answer comes after a refusal of what was sent to this JID */
export function answererOf(to: string, mucService: string): { readonly jid: string; readonly query: "ping" | "info" } {
  const [bare] = splitJid(to);
  const domain = bare.slice(bare.indexOf("@") + 1);
  // Rooms answer in their own order.
  return domain.toLowerCase() === mucService ? { jid: bare, query: "info" } : { jid: domain, query: "ping" };
}

export const QUERIES = { ping: ["ping", NS.ping], info: ["query", NS.discoInfo] } as const;
