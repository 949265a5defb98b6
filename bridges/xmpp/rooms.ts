import { xml, type Element } from "@xmpp/client";
import { NetworkError, type Member } from "../network.ts";
import type { XmppConfig } from "./config.ts";
import { MucPresence } from "./muc-presence.ts";
import type { RoomNames } from "./names.ts";
import { Occupants, type OccupantsOwner } from "./occupants.ts";
import { joinStanza, Room } from "./room.ts";
import { setUpRoom, type Ask } from "./room-setup.ts";
import { refusalOf, splitJid } from "./stanzas.ts";
import { Turns } from "../turns.ts";

/** Who is told what becomes of rooms. */
export interface RoomsOwner {
  send(stanza: Element): void;
  ask: Ask;
  nextId(): string;
  occupantsOwner(room: Room): OccupantsOwner;
  /** @param absence why we were away for a while; null for a first join */
  onJoined(room: Room, absence: string | null): void;
  /** We are out of a room that we were in, and could not come back. It is tried again. */
  onLost(room: Room, reason: string): void;
  /** A room that we created could not be configured; people can enter it, or not, as the server pleases. */
  onSetUpFailed(room: Room, error: unknown): void;
}

/** What rooms are made of. */
export interface RoomsParts {
  readonly config: XmppConfig;
  readonly names: RoomNames;
  /** To try, best first. */
  readonly nicks: readonly string[];
  readonly owner: RoomsOwner;
  readonly now: () => number;
}

/** The rooms that we are in, or want to be in. One thing is asked of a room at a time. */
export class Rooms {
  readonly #parts: RoomsParts;
  readonly #byName = new Map<string, Room>();
  readonly #byRoom = new Map<string, Room>();
  /** Of joins: a server that is asked for thousands of rooms at once answers the last ones after their time. */
  readonly #turns: Turns<Room>;
  #isConnected = false;

  constructor(parts: RoomsParts) {
    this.#parts = parts;
    this.#turns = new Turns(parts.config.maxJoins, (room) => this.#knock(room));
  }

  /** @returns undefined for a channel that was left, or never joined */
  get(name: string): Room | undefined {
    const room = this.#byName.get(name);
    return room?.isWanted === true ? room : undefined;
  }

  /** @param jid bare */
  find(jid: string): Room | undefined {
    const room = this.#byRoom.get(jid);
    return room?.isWanted === true ? room : undefined;
  }

  [Symbol.iterator](): IterableIterator<Room> {
    return this.#byName.values();
  }

  members(name: string): readonly Member[] {
    return this.get(name)?.occupants.members ?? [];
  }

  /** @throws NetworkError */
  async join(name: string): Promise<void> {
    const known = this.#byName.get(name);
    if (known?.isJoined === true) return;
    if (!this.#isConnected) throw new NetworkError("unavailable", "not connected to the XMPP server");
    const room = known ?? this.#add(name);
    room.isWanted = true;
    const { promise } = (room.pending ??= Promise.withResolvers<void>());
    if (room.state === "out") this.#request(room);
    await promise;
  }

  /** Joins as soon as we are connected, and tries again for as long as it is wanted. */
  want(name: string): void {
    const known = this.#byName.get(name);
    const room = known ?? this.#add(name);
    room.isWanted = true;
    // Like one that we were thrown out of: nobody waits for it, and it is not given up.
    if (!room.isJoined) room.absence ??= "not yet there";
    if (this.#isConnected && room.state === "out") this.#request(room);
    if (room.state === "leaving") room.pending ??= Promise.withResolvers<void>();
  }

  leave(name: string): void {
    const room = this.#byName.get(name);
    if (room === undefined) return;
    room.isWanted = false;
    room.absence = null;
    room.occupants.clear();
    if (room.state === "out" || this.#turns.forget(room)) this.#remove(room);
    else if (room.state === "joined") this.#part(room);
    room.settle(new NetworkError("unavailable", "left meanwhile"));
  }

  /** Says goodbye to all of them: a server does not do it for a component. */
  close(): void {
    if (!this.#isConnected) return;
    for (const room of this.#byName.values()) {
      if (room.state === "joined" || room.state === "joining") this.#part(room);
    }
  }

  /** Joins again whatever was joined; resolves when every join is answered. */
  async onConnected(): Promise<void> {
    this.#isConnected = true;
    const joins = [...this.#byName.values()].map((room) => {
      const { promise } = (room.pending ??= Promise.withResolvers<void>());
      this.#request(room);
      return promise;
    });
    await Promise.allSettled(joins);
  }

  onDisconnected(reason: string): void {
    this.#isConnected = false;
    this.#turns.clear();
    for (const room of this.#byName.values()) {
      // A first join has a caller who hears of it; the others are joined again.
      const isFirst = room.state !== "joined" && room.absence === null;
      if (!room.isWanted || isFirst) this.#remove(room);
      room.occupants.clear();
      room.state = "out";
      room.absence ??= reason;
      room.settle(new NetworkError("unavailable", reason));
    }
  }

  onPresence(stanza: Element): void {
    const [jid, nick] = splitJid(stanza.attrs["from"] ?? "");
    const room = this.#byRoom.get(jid);
    if (room === undefined) return;
    if (stanza.attrs["type"] === "error") return this.#onError(room, stanza);
    // ejabberd's room has a presence of its own (its picture's hash), which is nobody's.
    if (nick === "") return;
    const presence = new MucPresence(stanza, nick);
    const isOurs = presence.isSelf || (nick === room.nick && room.state !== "joining");
    if (presence.isAvailable) {
      // The room lets a stream in that has died, and will see it leave; it has not come to the newest join yet.
      const isAwaited = this.#turns.has(room) && !room.isOldJoin(stanza.attrs["id"]);
      if (isOurs && room.state === "joining" && !isAwaited) return;
      if (isOurs) this.#onOwn(room, presence);
      else room.occupants.add(nick);
    } else if (presence.newNick !== null) {
      if (isOurs) room.nick = presence.newNick;
      else room.occupants.rename(nick, presence.newNick);
    } else if (isOurs) this.#onOwnLeft(room, presence);
    else room.occupants.remove(nick);
  }

  /** The room does not know us any more, and did not say so. */
  onForgotten(room: Room, reason: string): void {
    if (room.state === "joined" && room.isWanted) this.#onThrownOut(room, reason);
  }

  sweep(nowMs: number): void {
    if (!this.#isConnected) return;
    const { joinTimeoutMs } = this.#parts.config;
    for (const room of this.#byName.values()) {
      if (room.state === "out" && nowMs >= room.sinceMs) this.#request(room);
      else if (room.state === "leaving" && nowMs - room.sinceMs >= joinTimeoutMs) this.#onOut(room);
      else if (room.state === "joining" && nowMs - room.sinceMs >= joinTimeoutMs) this.#onUnanswered(room);
    }
  }

  #onUnanswered(room: Room): void {
    const isAgain = room.absence !== null && !room.isOverdue;
    if (!isAgain) this.#part(room);
    this.#refuse(room, new NetworkError("unavailable", "the room did not answer the join"));
    if (!isAgain) return;
    // A server that stood still may have lost the question; a second one waits for its turn like any refused join.
    room.isOverdue = true;
    this.#request(room);
  }

  #onOwn(room: Room, presence: MucPresence): void {
    room.nick = presence.nick;
    if (room.state !== "joining" || room.isSettingUp) return;
    if (!presence.isNewRoom) return this.#onIn(room);
    room.isSettingUp = true;
    const { owner, config } = this.#parts;
    const { joinId } = room;
    const done = (): void => {
      if (room.state !== "joining" || room.joinId !== joinId) return;
      room.isSettingUp = false;
      this.#onIn(room);
    };
    setUpRoom(owner.ask, room.jid, room.name, config).then(done, (error: unknown) => {
      owner.onSetUpFailed(room, error);
      done();
    });
  }

  #onIn(room: Room): void {
    const { absence } = room;
    room.state = "joined";
    room.sinceMs = this.#parts.now();
    this.#turns.end(room);
    if (!room.isWanted) return this.#part(room);
    room.absence = null;
    room.isOverdue = false;
    room.occupants.complete();
    this.#parts.owner.onJoined(room, absence);
    room.settle(null);
  }

  #onError(room: Room, stanza: Element): void {
    const { id } = stanza.attrs;
    if (room.state === "leaving") return this.#onOut(room);
    if (room.state !== "joining" || !this.#turns.has(room) || (id !== undefined && id !== room.joinId)) return;
    const { condition, words } = refusalOf(stanza);
    const { nicks } = this.#parts;
    if (condition === "conflict" && room.nickIndex + 1 < nicks.length) {
      room.nickIndex += 1;
      return this.#knock(room);
    }
    room.state = "out";
    this.#turns.end(room);
    this.#refuse(room, new NetworkError("refused", words));
  }

  #onOwnLeft(room: Room, presence: MucPresence): void {
    if (room.state === "leaving") this.#onOut(room);
    // While joining it is an older connection of ours that leaves.
    else if (room.state === "joined" && room.isWanted) this.#onThrownOut(room, presence.farewell);
  }

  #onThrownOut(room: Room, reason: string): void {
    room.absence = reason;
    room.occupants.clear();
    this.#request(room);
  }

  /** We are out, and nothing is under way. */
  #onOut(room: Room): void {
    room.state = "out";
    if (!room.isWanted) this.#remove(room);
    else if (room.pending !== null) this.#request(room);
    else room.sinceMs = this.#parts.now() + this.#parts.config.rejoinIntervalMs;
  }

  #refuse(room: Room, error: NetworkError): void {
    if (room.absence === null) {
      room.isWanted = false;
      if (room.state === "out") this.#remove(room);
    } else {
      if (room.state === "out") room.sinceMs = this.#parts.now() + this.#parts.config.rejoinIntervalMs;
      room.occupants.forgetPeers();
      this.#parts.owner.onLost(room, `${room.absence}; cannot join again: ${error.message}`);
    }
    room.settle(error);
  }

  #add(name: string): Room {
    const { names, owner } = this.#parts;
    const encoded = names.encode(name);
    if (encoded === null) throw new NetworkError("refused", "not a channel name");
    const room = new Room(name, encoded.room, (made) => new Occupants(encoded.room, owner.occupantsOwner(made)));
    this.#byName.set(name, room);
    this.#byRoom.set(room.jid, room);
    return room;
  }

  #remove(room: Room): void {
    this.#byName.delete(room.name);
    this.#byRoom.delete(room.jid);
  }

  #request(room: Room): void {
    room.nickIndex = 0;
    room.occupants.clear();
    room.state = "joining";
    // Its time begins with its turn.
    room.sinceMs = Number.POSITIVE_INFINITY;
    this.#turns.ask(room);
  }

  #knock(room: Room): void {
    const { config, nicks, now, owner } = this.#parts;
    room.beginJoin(owner.nextId(), now());
    room.nick = nicks[room.nickIndex] ?? config.nick;
    owner.send(joinStanza(room, config.roomPassword));
  }

  #part(room: Room): void {
    room.state = "leaving";
    room.sinceMs = this.#parts.now();
    this.#parts.owner.send(xml("presence", { to: `${room.jid}/${room.nick}`, type: "unavailable" }));
    this.#turns.end(room);
  }
}
