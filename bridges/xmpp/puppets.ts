import { xml, type Element } from "@xmpp/client";
import { NetworkError } from "../network.ts";
import type { Puppet, PuppetOwner, Puppets, PuppetUser } from "../puppets.ts";
import type { Account, XmppConfig } from "./config.ts";
import type { Connection } from "./connection.ts";
import type { RoomNames } from "./names.ts";
import type { Outgoing } from "./outgoing.ts";
import { answererOf, QUERIES, XmppPuppet } from "./puppet.ts";
import { puppetLocal, puppetNicks } from "./puppet-names.ts";
import { RequestError } from "./requests.ts";
import type { Rooms } from "./rooms.ts";
import { NS, splitJid } from "./stanzas.ts";

/** What puppets are made with. */
export interface XmppPuppetsParts {
  readonly config: XmppConfig;
  /** Domain of the component. */
  readonly component: string;
  readonly mucService: string;
  readonly names: RoomNames;
  /** The bridge's own. */
  readonly rooms: Rooms;
  readonly connection: Connection;
  readonly outgoing: Outgoing;
  readonly isBridge: (nick: string) => boolean;
  readonly now: () => number;
  readonly newId: () => string;
}

/** The users of a component: what they say goes by its one connection, and what they are told comes by it. */
export class XmppPuppets implements Puppets {
  readonly #parts: XmppPuppetsParts;
  /** First part of the JID → puppet. */
  readonly #byLocal = new Map<string, XmppPuppet>();
  #isConnected = false;

  constructor(parts: XmppPuppetsParts) {
    this.#parts = parts;
  }

  get max(): number {
    return this.#parts.config.maxPuppets;
  }

  attach({ name }: PuppetUser, owner: PuppetOwner): Puppet {
    const { config, component, mucService, names, rooms, connection, outgoing, isBridge, now, newId } = this.#parts;
    const local = puppetLocal(name, (taken) => this.#byLocal.has(taken));
    const puppet = new XmppPuppet({
      config,
      names,
      mucService,
      jid: `${local}@${component}`,
      isItsName: local === puppetLocal(name, () => false),
      nicks: puppetNicks(name, isBridge),
      outgoing,
      owner,
      send: (stanza) => connection.send(stanza),
      sendText: (text) => {
        if (!connection.isOnline) throw new NetworkError("unavailable", "not connected to the XMPP server");
        connection.sendText(text);
      },
      nextId: () => connection.nextId(),
      isOpen: (channel) => rooms.get(channel)?.isJoined === true,
      barrier: (to) => this.#barrier(to),
      now,
      newId,
      onReleased: () => this.#byLocal.delete(local),
    });
    this.#byLocal.set(local, puppet);
    if (this.#isConnected) void puppet.rooms.onConnected();
    return puppet;
  }

  /** True where a puppet has this nick in this room. @param jid bare JID of the room */
  isIn(jid: string, nick: string): boolean {
    for (const puppet of this.#byLocal.values()) if (puppet.isIn(jid, nick)) return true;
    return false;
  }

  /** @returns false for a stanza that is for the bridge itself, or concerns what it sent into rooms */
  takes(stanza: Element): boolean {
    const [bare] = splitJid(stanza.attrs["to"] ?? "");
    const [own] = splitJid(this.#parts.connection.address);
    if (bare === "" || bare.toLowerCase() === own.toLowerCase()) return false;
    const puppet = this.#byLocal.get(bare.slice(0, bare.indexOf("@")).toLowerCase());
    if (stanza.name === "presence") puppet?.rooms.onPresence(stanza);
    else if (puppet) puppet.onMessage(stanza);
    else this.#bounce(stanza);
    // A room's refusal settles what is on its way there, whoever said it.
    return stanza.attrs["type"] !== "error" || stanza.name !== "message";
  }

  /** The bridge is in a room now. */
  onOpen(channel: string): void {
    for (const puppet of this.#byLocal.values()) puppet.onOpen(channel);
  }

  /** The bridge is in its rooms again; its users come back as well. */
  async onConnected(): Promise<void> {
    this.#isConnected = true;
    await Promise.all([...this.#byLocal.values()].map(({ rooms }) => rooms.onConnected()));
  }

  onDisconnected(reason: string): void {
    this.#isConnected = false;
    for (const { rooms } of this.#byLocal.values()) rooms.onDisconnected(reason);
  }

  sweep(nowMs: number): void {
    for (const { rooms } of this.#byLocal.values()) rooms.sweep(nowMs);
  }

  /** Takes all of them away. */
  close(): void {
    for (const puppet of [...this.#byLocal.values()]) puppet.release();
  }

  async #barrier(to: string): Promise<void> {
    const { jid, query } = answererOf(to, this.#parts.mucService);
    const [name, xmlns] = QUERIES[query];
    try {
      await this.#parts.connection.request("get", jid, xml(name, { xmlns }));
    } catch (error) {
      // An error is an answer; without one nobody knows.
      if (error instanceof RequestError) return;
      const reason = error instanceof Error ? error.message : String(error);
      throw new NetworkError("unknown", `sent, and not confirmed: ${reason}`, { cause: error });
    }
  }

  /** RFC 6121 §8.5.1: nobody is there. */
  #bounce(stanza: Element): void {
    const { type, from, to, id } = stanza.attrs;
    if (type === "error" || type === "groupchat" || type === "headline") return;
    const error = xml("error", { type: "cancel" }, xml("item-not-found", { xmlns: NS.errors }));
    this.#parts.connection.send(xml("message", { type: "error", to: from, from: to, id }, error));
  }
}

/** @returns undefined where browsers share the bridge's nick */
export function makePuppets(
  config: XmppConfig,
  account: Account,
  parts: Omit<XmppPuppetsParts, "config" | "component" | "mucService">,
): XmppPuppets | undefined {
  if (config.identity === "shared" || account.type === "user") return undefined;
  const { component, mucService } = account;
  return new XmppPuppets({ ...parts, config, component, mucService });
}
