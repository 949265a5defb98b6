import type { Client } from "./client.ts";
import { matchesMask } from "./names.ts";
import type { Outgoing } from "./outgoing.ts";

/** A member's standing in a channel. */
export interface Standing {
  isOp: boolean;
  hasVoice: boolean;
}

/** A channel mode without parameter: invite only, moderated, no messages from outside, secret, topic by ops only. */
export type ChannelFlag = "i" | "m" | "n" | "s" | "t";

/** A topic, who set it and when (seconds since 1970). */
export interface Topic {
  readonly text: string;
  readonly by: string;
  readonly atSeconds: number;
}

/** One channel; it exists while it has a member. New channels have no modes, so that anybody can speak into them. */
export class Channel {
  readonly name: string;
  readonly createdSeconds: number;
  readonly members = new Map<Client, Standing>();
  readonly flags = new Set<ChannelFlag>();
  /** Mask → who set it and when. */
  readonly bans = new Map<string, { readonly by: string; readonly atSeconds: number }>();
  readonly invited = new WeakSet<Client>();
  key: string | null = null;
  maxMembers: number | null = null;
  topic: Topic | null = null;

  constructor(name: string, createdSeconds: number) {
    this.name = name;
    this.createdSeconds = createdSeconds;
  }

  isOp(client: Client): boolean {
    return this.members.get(client)?.isOp === true;
  }

  isBanned(client: Client): boolean {
    for (const mask of this.bans.keys()) if (matchesMask(mask, client.source)) return true;
    return false;
  }

  /** Whether a client may speak into the channel. */
  maySpeak(client: Client): boolean {
    const standing = this.members.get(client);
    if (standing?.isOp === true || standing?.hasVoice === true) return true;
    if (standing === undefined && this.flags.has("n")) return false;
    return !this.flags.has("m") && !this.isBanned(client);
  }

  /** Whether a client may know that the channel exists. */
  isVisibleTo(client: Client): boolean {
    return !this.flags.has("s") || this.members.has(client);
  }

  /** `@`, `+` or nothing. */
  prefixOf(client: Client): string {
    const standing = this.members.get(client);
    if (standing?.isOp === true) return "@";
    return standing?.hasVoice === true ? "+" : "";
  }

  send(message: Outgoing, except?: Client): void {
    for (const member of this.members.keys()) if (member !== except) member.send(message);
  }
}
