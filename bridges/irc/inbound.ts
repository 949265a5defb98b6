import type { NetworkInbox } from "../network.ts";
import { Assembler } from "./assembler.ts";
import type { IrcConfig } from "./config.ts";
import type { IrcLine } from "./irc-line.ts";
import { DATA_TAG, decodeLine, type Decoded, type Line } from "./line.ts";
import { foldAscii } from "./names.ts";
import { provenanceOf } from "./provenance.ts";
import { relayedName, speakerOf } from "./relay.ts";

/** What the inbound side needs of the network around it. */
export interface InboundParts {
  readonly config: IrcConfig;
  readonly inbox: Pick<NetworkInbox, "message" | "gap">;
  readonly isBridge: (nick: string) => boolean;
  readonly now: () => number;
  readonly newId: () => string;
}

const KEY_END = " ";

/** Turns the lines of joined channels into messages for the inbox. */
export class Inbound {
  readonly #parts: InboundParts;
  readonly #assembler: Assembler;

  constructor(parts: InboundParts) {
    this.#parts = parts;
    const { maxMessageBytes, chunkTimeoutMs } = parts.config;
    this.#assembler = new Assembler({ maxBytes: maxMessageBytes, timeoutMs: chunkTimeoutMs });
  }

  /** @returns the line as it was said */
  onLine(channel: string, irc: IrcLine): Line {
    const line: Line = { text: irc.params[1] ?? "", tag: irc.tags[DATA_TAG] };
    const speaker = speakerOf(irc);
    const isRelayed = speaker !== irc.nick;
    const isBridge = this.#parts.isBridge(speaker);
    const decoded = decodeLine(line, isBridge && !isRelayed);
    if ((decoded.type !== "chunk" || decoded.chunk.number === 1) && this.#interrupt(channel, speaker)) {
      this.#parts.inbox.gap(channel, `a long message from ${irc.nick} broke off`);
    }
    if (decoded.type === "nothing") return line;
    const { relaySuffix } = this.#parts.config;
    const from = isBridge && isRelayed ? relayedName(irc.nick, relaySuffix) : decoded.from;
    if (decoded.type === "data") this.#deliver(channel, irc, decoded.data, from);
    else this.#onChunk(channel, irc, keyOf(channel, speaker), { ...decoded, from }, line.text, isBridge);
    return line;
  }

  /** Drops the beginnings of messages whose end does not come. */
  sweep(nowMs: number): void {
    for (const key of this.#assembler.expire(nowMs)) {
      const [channel = "", nick = ""] = key.split(KEY_END);
      this.#parts.inbox.gap(channel, `the end of a long message from ${nick} did not come`);
    }
  }

  /** Forgets what has begun in these channels: its rest went by while we were away. */
  forget(isGone: (channel: string) => boolean): void {
    this.#assembler.drop((key) => isGone(key.slice(0, key.indexOf(KEY_END))));
  }

  /** @returns true when a long message of the speaker is over */
  #interrupt(channel: string, speaker: string): boolean {
    return this.#assembler.size > 0 && this.#assembler.interrupt(keyOf(channel, speaker));
  }

  #onChunk(
    channel: string,
    irc: IrcLine,
    key: string,
    { chunk, from }: Extract<Decoded, { type: "chunk" }>,
    text: string,
    isBridge: boolean,
  ): void {
    const result = this.#assembler.push(key, chunk, from, this.#parts.now());
    if (result.type === "data") this.#deliver(channel, irc, result.data, result.from);
    else if (result.type === "broken") this.#parts.inbox.gap(channel, `${result.reason} (from ${irc.nick})`);
    else if (result.type === "orphan") {
      // From a person it only looks like a chunk.
      if (!isBridge) this.#deliver(channel, irc, { text }, null);
      else if (chunk.number === chunk.total) {
        this.#parts.inbox.gap(channel, `the beginning of a long message from ${irc.nick} was not seen`);
      }
    }
  }

  #deliver(channel: string, irc: IrcLine, data: unknown, from: string | null): void {
    const { timeMs, id, account } = provenanceOf(irc, this.#parts);
    // A bridge's own account says nothing of the browser that speaks.
    const isPerson = account !== undefined && !this.#parts.isBridge(irc.nick);
    this.#parts.inbox.message({
      channel,
      data,
      from: from ?? irc.nick,
      account: isPerson ? account : undefined,
      timeMs,
      id,
    });
  }
}

function keyOf(channel: string, speaker: string): string {
  return channel + KEY_END + foldAscii(speaker);
}
