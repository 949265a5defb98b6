import { MessageTags } from "irc-framework";
import type { NetworkInbox } from "../network.ts";
import type { Channel, Channels } from "./channels.ts";
import type { Connection } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import { foldAscii, foldName } from "./names.ts";
import { escapedTagBytes } from "./payload.ts";
import type { Presence } from "./presence.ts";
import { TAG_BYTES } from "./privmsg.ts";

/** Client tag of what bridges say to each other; it comes without a text (TAGMSG), so people do not see it. */
const ANNOUNCEMENT_TAG = "+tailspin/p";
/** Bridges that are remembered in one channel. */
const MAX_PEERS = 1_024;

/** What announcements need of the network around them. */
export interface AnnouncementsParts {
  readonly connection: Connection;
  readonly presence: Presence;
  readonly channels: Channels;
  /** A receiving connection of another bridge. */
  readonly isPeer: (nick: string) => boolean;
  readonly inbox: () => NetworkInbox | null;
}

/**
 * What other bridges announce in the channels of one receiving connection, and who of them comes and goes. A peer is the
 * nick (folded) of the connection that announced, which is the one that receives: it is in the channel for as long as its
 * bridge is.
 */
export class Announcements {
  readonly #parts: AnnouncementsParts;
  /** Folded channel → peers that have announced something in it. */
  readonly #peers = new Map<string, Set<string>>();

  constructor(parts: AnnouncementsParts) {
    this.#parts = parts;
  }

  /**
   * Says it in a channel that the connection is in, and so may speak in.
   *
   * @returns false when the server has no message tags, or the text does not fit one
   */
  announce(ircChannel: string, text: string): boolean {
    const { connection } = this.#parts;
    if (!connection.isRegistered || !connection.allowsTag(ANNOUNCEMENT_TAG.slice(1))) return false;
    if (text === "" || text.includes("\0") || !text.isWellFormed() || escapedTagBytes(text) > TAG_BYTES) return false;
    connection.send(`@${ANNOUNCEMENT_TAG}=${MessageTags.encodeValue(text)} TAGMSG ${ircChannel}`);
    return true;
  }

  /** Before presence has heard the line. */
  onLine(line: IrcLine): void {
    const [first = "", second = ""] = line.params;
    const nick = foldAscii(line.nick);
    if (line.command === "TAGMSG") this.#onTags(first, line);
    else if (line.command === "JOIN") this.#onCame(first, line.nick);
    else if (line.command === "PART") this.#onLeft(foldName(first), nick);
    else if (line.command === "KICK") this.#onLeft(foldName(first), foldAscii(second));
    else if (line.command === "QUIT" || line.command === "NICK") {
      for (const key of this.#peers.keys()) this.#onLeft(key, nick);
      if (line.command === "NICK" && foldAscii(first) === foldAscii(this.#parts.connection.nick)) this.#onRenamed(nick);
    }
  }

  /** We are back in a channel: who has left it meanwhile is known now, and who is there was told that we had left. */
  onBack({ ircChannel }: Channel): void {
    const { presence } = this.#parts;
    const key = foldName(ircChannel);
    for (const peer of this.#peers.get(key) ?? []) {
      if (!presence.has(ircChannel, peer)) this.#onLeft(key, peer);
    }
    for (const nick of presence.nicks(ircChannel)) this.#onCame(ircChannel, nick);
  }

  /** We have left a channel, and do not hear of it any more. */
  forget({ ircChannel }: Channel): void {
    this.#peers.delete(foldName(ircChannel));
  }

  #onTags(ircChannel: string, line: IrcLine): void {
    const text = line.tags[ANNOUNCEMENT_TAG];
    const { isPeer, presence, channels, inbox } = this.#parts;
    if (typeof text !== "string" || text === "" || !isPeer(line.nick)) return;
    const channel = channels.find(ircChannel);
    // Of one that is not in the channel, we would not hear when it goes.
    if (channel === undefined || !presence.has(ircChannel, line.nick)) return;
    const key = foldName(ircChannel);
    const peers = this.#peers.get(key) ?? new Set();
    const peer = foldAscii(line.nick);
    if (!peers.has(peer) && peers.size >= MAX_PEERS) return;
    this.#peers.set(key, peers.add(peer));
    inbox()?.announcement(channel.name, peer, text);
  }

  #onCame(ircChannel: string, nick: string): void {
    const { isPeer, channels, inbox } = this.#parts;
    if (!isPeer(nick)) return;
    const channel = channels.find(ircChannel);
    if (channel?.state === "joined") inbox()?.peerJoined(channel.name, foldAscii(nick));
  }

  /** To the others, somebody has left, and somebody else has come that they know nothing of. */
  #onRenamed(former: string): void {
    const { presence, channels } = this.#parts;
    for (const { ircChannel } of channels.all()) {
      // Presence has not heard of it yet.
      const others = presence.nicks(ircChannel).filter((nick) => foldAscii(nick) !== former);
      for (const nick of others) this.#onCame(ircChannel, nick);
    }
  }

  #onLeft(key: string, peer: string): void {
    const peers = this.#peers.get(key);
    if (peers?.delete(peer) !== true) return;
    if (peers.size === 0) this.#peers.delete(key);
    const channel = this.#parts.channels.find(key);
    if (channel !== undefined) this.#parts.inbox()?.peerLeft(channel.name, peer);
  }
}
