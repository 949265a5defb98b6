import { xml, type Element } from "@xmpp/client";
import type { Logger } from "pino";
import { PLAIN_NAMING, type Naming } from "../naming.ts";
import { NetworkError, type HistoryPage, type HistoryQuery, type Member, type Network } from "../network.ts";
import type { NetworkInbox, Publication } from "../network.ts";
import { agreementOf } from "./agreement.ts";
import { Archive } from "./archive.ts";
import { accountOf, type Account, type XmppConfig } from "./config.ts";
import { Connection } from "./connection.ts";
import { discoverRooms } from "./discovery.ts";
import { findLost, readHistory } from "./history.ts";
import { InFlight } from "./in-flight.ts";
import { Inbound } from "./inbound.ts";
import { RoomNames } from "./names.ts";
import { bridgeNickTest, nickCandidates } from "./nicks.ts";
import { Outgoing } from "./outgoing.ts";
import { encodeText } from "./payload.ts";
import { makePuppets, type XmppPuppets } from "./puppets.ts";
import { RequestError } from "./requests.ts";
import { joinedRoom, type Room } from "./room.ts";
import type { Ask } from "./room-setup.ts";
import { Rooms } from "./rooms.ts";
import { NS } from "./stanzas.ts";

/** What an XMPP network is handed: its node's number, and the impure things. */
export interface XmppNetworkParts {
  /** The bridge's number, 1-based; makes its nicks unique in every room. */
  readonly node: number;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** A delivery id for messages of rooms without `stanza-id`. */
  readonly newId: () => string;
  /** How channels are called; without it, every channel has its own name. */
  readonly naming?: Naming;
}

const SWEEP_MS = 250;
/** After a rejoin the room may still mix us up with our old connection. */
const FIRST_SELF_PING_MS = 3_000;
const SELF_PINGS_PER_SWEEP = 20;
/** Answers to a self-ping that mean that we are in all the same (XEP-0410 §3). */
const STILL_IN = new Set(
  "service-unavailable feature-not-implemented remote-server-not-found remote-server-timeout".split(" "),
);

/** XMPP multi-user chat (XEP-0045): channels are rooms, over one connection. */
export class XmppNetwork implements Network {
  readonly name = "xmpp";
  readonly #config: XmppConfig;
  readonly #account: Account;
  readonly #parts: XmppNetworkParts;
  readonly #log: Logger;
  readonly #isBridge: (nick: string) => boolean;
  readonly #names: RoomNames;
  readonly #connection: Connection;
  readonly #rooms: Rooms;
  readonly #inFlight: InFlight;
  readonly #archive: Archive;
  readonly #ask: Ask;
  readonly #outgoing: Outgoing;
  readonly agreement = agreementOf(() => ({ ask: this.#ask, domain: this.#account.domain }));
  readonly puppets: XmppPuppets | undefined;
  #inbound: Inbound | null = null;
  #inbox: NetworkInbox | null = null;
  #sweep: NodeJS.Timeout | undefined;
  #isUp = false;
  #isOutageTold = false;
  #isClosing = false;

  /** @throws Error when the configuration names nobody to log in as */
  constructor(config: XmppConfig, parts: XmppNetworkParts) {
    const account = accountOf(config);
    if (account === null) throw new Error("the XMPP network needs jid and password, or component and secret");
    this.#config = config;
    this.#account = account;
    this.#parts = parts;
    this.#log = parts.log.child({ network: this.name });
    this.#isBridge = bridgeNickTest(config.nick);
    this.#names = new RoomNames(parts.naming ?? PLAIN_NAMING, account.mucService, config.maxRoomNameLength);
    const { node, now, random, newId } = parts;
    const owner = {
      onOnline: () => this.#onOnline(),
      onStanza: (stanza: Element) => this.#onStanza(stanza),
      onDown: (reason: string) => this.#onDown(reason),
    };
    this.#connection = new Connection({ config, account, node, owner, log: this.#log, now, random });
    this.#ask = (type, to, child) => this.#connection.request(type, to, child);
    this.#inFlight = new InFlight(config);
    this.#archive = new Archive(this.#ask, () => this.#connection.nextId());
    this.#rooms = this.#makeRooms();
    this.#outgoing = new Outgoing({ config, connection: this.#connection, inFlight: this.#inFlight, now });
    this.puppets = makePuppets(config, account, {
      names: this.#names,
      rooms: this.#rooms,
      connection: this.#connection,
      outgoing: this.#outgoing,
      isBridge: this.#isBridge,
      now,
      newId,
    });
  }

  start(inbox: NetworkInbox): void {
    if (this.#inbox !== null) throw new Error("started twice");
    this.#inbox = inbox;
    this.#inbound = new Inbound({
      inbox,
      isBridge: this.#isBridge,
      isPuppet: (room, nick) => this.puppets?.isIn(room, nick) === true,
      inFlight: this.#inFlight,
      now: this.#parts.now,
      newId: this.#parts.newId,
    });
    this.#connection.start();
    this.#sweep = setInterval(() => this.#onSweep(), SWEEP_MS).unref();
  }

  join(channel: string): Promise<void> {
    return this.#rooms.join(channel);
  }

  leave(channel: string): Promise<void> {
    this.#rooms.leave(channel);
    return Promise.resolve();
  }

  async publish(channel: string, publication: Publication): Promise<void> {
    await this.#outgoing.publish(this.#joined(channel), publication);
  }

  members(channel: string): readonly Member[] {
    return this.#rooms.members(channel);
  }

  async history(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    const parts = { config: this.#config, archive: this.#archive, isBridge: this.#isBridge };
    const { jid } = this.#joined(channel);
    const page = await readHistory(parts, channel, jid, query);
    return page;
  }

  discover(limit: number): Promise<readonly string[]> {
    return discoverRooms(this.#ask, this.#names, this.#account.mucService, limit);
  }

  announce(channel: string, text: string): boolean {
    const room = this.#rooms.get(channel);
    if (!this.#isUp || room?.isJoined !== true) return false;
    const hints = ["no-store", "no-permanent-store", "no-copy"].map((name) => xml(name, { xmlns: NS.hints }));
    const announcement = xml("announcement", { xmlns: NS.tailspin }, encodeText(text));
    const attributes = { type: "groupchat", to: room.jid, id: this.#connection.nextId() };
    const stanza = this.#connection.serialize(xml("message", attributes, announcement, ...hints));
    if (Buffer.byteLength(stanza) > this.#config.maxStanzaBytes) return false;
    this.#connection.sendText(stanza);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#sweep);
    this.puppets?.close();
    if (this.#account.type === "component") this.#rooms.close();
    await this.#connection.close();
    this.#inFlight.close();
  }

  #onOnline(): void {
    const { host, port } = this.#account;
    this.#log.info({ host, port, jid: this.#connection.address }, "connected");
    this.#isOutageTold = false;
    this.#comeBack().catch((error: unknown) => this.#log.error({ err: error }, "could not join again"));
  }

  async #comeBack(): Promise<void> {
    await this.#rooms.onConnected();
    if (!this.#connection.isOnline || this.#isUp) return;
    this.#isUp = true;
    // What waits is sent at once, and waits for its own user's joins.
    const allBack = this.puppets?.onConnected();
    this.#inbox?.up();
    await allBack;
  }

  #onDown(reason: string): void {
    this.#inFlight.onDisconnected((jid) => this.#rooms.find(jid)?.lastId ?? null);
    this.#rooms.onDisconnected(reason);
    this.puppets?.onDisconnected(reason);
    if (this.#isClosing) return;
    if (!this.#isOutageTold) {
      const { host, port } = this.#account;
      this.#log.warn({ host, port, reason }, "not connected to the XMPP server, trying again");
    }
    this.#isOutageTold = true;
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#inbox?.down(reason);
  }

  #onStanza(stanza: Element): void {
    if (this.puppets?.takes(stanza) === true) return;
    if (stanza.name === "presence") return this.#rooms.onPresence(stanza);
    if (this.#archive.onMessage(stanza)) return;
    this.#inbound?.onMessage(stanza, (jid) => this.#rooms.find(jid));
  }

  #joined(channel: string): Room {
    if (!this.#isUp || this.#isClosing) throw new NetworkError("unavailable", "the XMPP server is not connected");
    return joinedRoom(this.#rooms.get(channel));
  }

  #makeRooms(): Rooms {
    const { node, now } = this.#parts;
    return new Rooms({
      config: this.#config,
      names: this.#names,
      nicks: nickCandidates(this.#config.nick, node),
      now,
      owner: {
        send: (stanza) => this.#connection.send(stanza),
        ask: this.#ask,
        nextId: () => this.#connection.nextId(),
        occupantsOwner: (room) => ({
          isBridge: (nick) => nick === room.nick || this.#isBridge(nick),
          onChange: (change) => this.#inbox?.presence(room.name, change),
          onPeerJoined: (nick) => this.#inbox?.peerJoined(room.name, nick),
          onPeerLeft: (nick) => this.#inbox?.peerLeft(room.name, nick),
        }),
        onJoined: (room, absence) => this.#onJoined(room, absence),
        onLost: (room, reason) => this.#onRoomLost(room, reason),
        onSetUpFailed: (room, error) =>
          this.#log.warn({ channel: room.name, room: room.jid, err: error }, "new room could not be configured"),
      },
    });
  }

  #onJoined(room: Room, absence: string | null): void {
    this.#log.debug({ channel: room.name, room: room.jid, nick: room.nick }, "joined");
    room.heardMs = this.#parts.now();
    this.puppets?.onOpen(room.name);
    if (absence === null) return;
    room.heardMs -= Math.max(0, this.#config.selfPingIntervalMs - FIRST_SELF_PING_MS);
    this.#inbox?.presence(room.name, { type: "members", members: room.occupants.members });
    this.#inbox?.gap(room.name, absence);
    this.#settleLost(room).catch((error: unknown) =>
      this.#log.warn({ channel: room.name, err: error }, "archive not read; what became of messages is unknown"),
    );
  }

  #onRoomLost(room: Room, reason: string): void {
    this.#log.warn({ channel: room.name, room: room.jid, reason }, "out of a room");
    this.#inbox?.presence(room.name, { type: "members", members: [] });
    this.#inbox?.gap(room.name, reason);
  }

  /** What the archive cannot tell is settled by its deadline. */
  async #settleLost(room: Room): Promise<void> {
    const lost = this.#inFlight.lostIn(room.jid);
    if (lost.length === 0) return;
    // A puppet's stanzas bear the bridge's mark as well.
    const nicks = new Set(lost.map(({ nick }) => nick));
    const isBridge = (nick: string) => nicks.has(nick) || this.#isBridge(nick);
    const parts = { config: this.#config, archive: this.#archive, isBridge };
    const { found, isCertain } = await findLost(parts, room.jid, lost);
    const never = new NetworkError("unavailable", "the connection was lost before the message arrived");
    for (const sent of lost) {
      if (found.has(sent)) this.#inFlight.settleLost(sent, null);
      else if (isCertain) this.#inFlight.settleLost(sent, never);
    }
  }

  #onSweep(): void {
    const nowMs = this.#parts.now();
    this.#inFlight.sweep(nowMs);
    this.#rooms.sweep(nowMs);
    this.puppets?.sweep(nowMs);
    if (!this.#isUp) return;
    let count = 0;
    for (const room of this.#rooms) {
      if (!room.isJoined || nowMs - room.heardMs < this.#config.selfPingIntervalMs) continue;
      room.heardMs = nowMs;
      this.#selfPing(room).catch((error: unknown) => this.#log.debug({ err: error }, "no answer to a self-ping"));
      count += 1;
      if (count >= SELF_PINGS_PER_SWEEP) return;
    }
  }

  /** XEP-0410: are we still in? Servers lose rooms without a word. */
  async #selfPing(room: Room): Promise<void> {
    const { sinceMs } = room;
    try {
      await this.#ask("get", `${room.jid}/${room.nick}`, xml("ping", { xmlns: NS.ping }));
    } catch (error) {
      if (!(error instanceof RequestError) || STILL_IN.has(error.condition) || room.sinceMs !== sinceMs) return;
      this.#rooms.onForgotten(room, `the room did not know us any more: ${error.message}`);
    }
  }
}
