import { MessageTags } from "irc-framework";
import type { NetworkInbox } from "../network.ts";
import type { Channel } from "./channels.ts";
import type { Connection, IrcLine } from "./connection.ts";
import { foldAscii, foldName } from "./names.ts";
import { escapedTagBytes } from "./payload.ts";
import { TAG_BYTES } from "./privmsg.ts";

/** Client tag of what bridges say to each other; it comes without a text (TAGMSG), so people do not see it. */
const ANNOUNCEMENT_TAG = "+tailspin/p";
/** Bridges that are remembered in one channel. */
const MAX_PEERS = 1_024;

/** What announcements need of the network around them. */
export interface AnnouncementsParts {
  readonly isBridge: (nick: string) => boolean;
  readonly isOurs: (nick: string) => boolean;
  readonly isMember: (ircChannel: string, nick: string) => boolean;
  readonly find: (ircChannel: string) => Channel | undefined;
  readonly inbox: () => NetworkInbox | null;
}

/**
 * What other bridges announce in our channels, and who of them has left. A peer is the nick (folded) of the connection
 * that announced, which is the one that receives: it is in the channel for as long as its bridge is.
 */
export class Announcements {
  readonly #parts: AnnouncementsParts;
  /** Folded channel → peers that have announced something in it. */
  readonly #peers = new Map<string, Set<string>>();

  constructor(parts: AnnouncementsParts) {
    this.#parts = parts;
  }

  /**
   * Says it in a channel that the connection is in.
   *
   * @returns false when the server has no message tags, or the text does not fit one
   */
  announce(connection: Connection, ircChannel: string, text: string): boolean {
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
    else if (line.command === "PART") this.#onLeft(foldName(first), nick);
    else if (line.command === "KICK") this.#onLeft(foldName(first), foldAscii(second));
    else if (line.command === "QUIT" || line.command === "NICK") {
      for (const key of this.#peers.keys()) this.#onLeft(key, nick);
    }
  }

  /** We have come (back) into a channel: who has left it meanwhile is known now. */
  onJoined({ ircChannel }: Channel): void {
    const key = foldName(ircChannel);
    for (const peer of this.#peers.get(key) ?? []) {
      if (!this.#parts.isMember(ircChannel, peer)) this.#onLeft(key, peer);
    }
  }

  /** We have left a channel, and do not hear of it any more. */
  forget({ ircChannel }: Channel): void {
    this.#peers.delete(foldName(ircChannel));
  }

  #onTags(ircChannel: string, line: IrcLine): void {
    const text = line.tags[ANNOUNCEMENT_TAG];
    const { isBridge, isOurs, isMember, find, inbox } = this.#parts;
    if (typeof text !== "string" || text === "" || !isBridge(line.nick) || isOurs(line.nick)) return;
    const channel = find(ircChannel);
    // Of one that is not in the channel, we would not hear when it goes.
    if (channel === undefined || !isMember(ircChannel, line.nick)) return;
    const key = foldName(ircChannel);
    const peers = this.#peers.get(key) ?? new Set();
    const peer = foldAscii(line.nick);
    if (!peers.has(peer) && peers.size >= MAX_PEERS) return;
    this.#peers.set(key, peers.add(peer));
    inbox()?.announcement(channel.name, peer, text);
  }

  #onLeft(key: string, peer: string): void {
    const peers = this.#peers.get(key);
    if (peers?.delete(peer) !== true) return;
    if (peers.size === 0) this.#peers.delete(key);
    const channel = this.#parts.find(key);
    if (channel !== undefined) this.#parts.inbox()?.peerLeft(channel.name, peer);
  }
}
