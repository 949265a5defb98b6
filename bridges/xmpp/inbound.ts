import type { Element } from "@xmpp/client";
import type { NetworkInbox } from "../network.ts";
import type { InFlight } from "./in-flight.ts";
import { decodePayload, decodeText } from "./payload.ts";
import type { Room } from "./room.ts";
import { NS, refusalOf, splitJid } from "./stanzas.ts";

/** What the inbound side needs of the network around it. */
export interface InboundParts {
  readonly inbox: NetworkInbox;
  readonly isBridge: (nick: string) => boolean;
  /** True for the nick of a puppet of ours in a room. */
  readonly isPuppet: (room: string, nick: string) => boolean;
  readonly inFlight: InFlight;
  readonly now: () => number;
  readonly newId: () => string;
}

/** Turns message stanzas of joined rooms into messages for the inbox. */
export class Inbound {
  readonly #parts: InboundParts;

  constructor(parts: InboundParts) {
    this.#parts = parts;
  }

  /** @param find the room with this bare JID, if we want to be in it */
  onMessage(stanza: Element, find: (jid: string) => Room | undefined): void {
    const { type, from = "", id = "" } = stanza.attrs;
    const [jid, nick] = splitJid(from);
    if (type === "error") return this.#parts.inFlight.onRefusal(jid, id, refusalOf(stanza));
    const room = type === "groupchat" ? find(jid) : undefined;
    // Without a nick it is the room that speaks, or tells its subject.
    if (room?.isJoined !== true || nick === "") return;
    room.heardMs = this.#parts.now();
    const announcement = stanza.getChild("announcement", NS.tailspin);
    if (announcement === undefined) this.#onSaid(stanza, room, nick, id);
    else if (nick !== room.nick && this.#parts.isBridge(nick)) {
      const text = decodeText(announcement.getText());
      if (text !== null) this.#parts.inbox.announcement(room.name, nick, text);
    }
  }

  #onSaid(stanza: Element, room: Room, nick: string, id: string): void {
    const said = decodePayload(stanza, this.#parts.isBridge(nick));
    // What was said before we came is asked for with history(); some rooms send it all the same.
    if (said === null || isOld(stanza, room.jid)) return;
    const { inbox, now, newId, inFlight, isPuppet } = this.#parts;
    const archiveId = archiveIdOf(stanza, room.jid);
    if (archiveId !== undefined) room.lastId = archiveId;
    inbox.message({
      channel: room.name,
      data: said.data,
      from: said.from ?? nick,
      timeMs: now(),
      id: archiveId ?? newId(),
    });
    // Anybody can repeat an id that was seen.
    const isOurs = nick === room.nick || (inFlight.has(id) && isPuppet(room.jid, nick));
    if (isOurs) inFlight.onReflection(room.jid, id);
  }
}

function isOld(stanza: Element, room: string): boolean {
  return stanza.getChildren("delay", NS.delay).some((delay) => splitJid(delay.attrs["from"] ?? "")[0] === room);
}

/** XEP-0359: only the room's own word counts. */
function archiveIdOf(stanza: Element, room: string): string | undefined {
  const own = stanza.getChildren("stanza-id", NS.stanzaId).find((element) => element.attrs["by"] === room);
  return own?.attrs["id"];
}
