import { vi } from "vitest";
import type { NetworkInbox, NetworkMessage, PresenceChange } from "../../../bridges/network.ts";

/** An inbox that remembers what it was told, in order. */
export class RecordingInbox implements NetworkInbox {
  readonly messages: NetworkMessage[] = [];
  readonly presences: (PresenceChange & { readonly channel: string })[] = [];
  readonly gaps: { readonly channel: string; readonly reason: string }[] = [];
  /** Names of all calls, e.g. `"up"`, `"gap /lobby"`. */
  readonly calls: string[] = [];
  readonly downs: string[] = [];
  readonly announcements: { readonly channel: string; readonly peer: string; readonly text: string }[] = [];

  readonly leftPeers: { readonly channel: string; readonly peer: string }[] = [];

  message(message: NetworkMessage): void {
    this.messages.push(message);
    this.calls.push(`message ${message.channel}`);
  }

  presence(channel: string, change: PresenceChange): void {
    this.presences.push({ channel, ...change });
    this.calls.push(`presence ${channel} ${change.type}`);
  }

  gap(channel: string, reason: string): void {
    this.gaps.push({ channel, reason });
    this.calls.push(`gap ${channel}`);
  }

  announcement(channel: string, peer: string, text: string): void {
    this.announcements.push({ channel, peer, text });
    this.calls.push(`announcement ${channel}`);
  }

  peerJoined(channel: string, peer: string): void {
    this.calls.push(`peerJoined ${channel} ${peer}`);
  }

  peerLeft(channel: string, peer: string): void {
    this.leftPeers.push({ channel, peer });
    this.calls.push(`peerLeft ${channel} ${peer}`);
  }

  up(): void {
    this.calls.push("up");
  }

  down(reason: string): void {
    this.downs.push(reason);
    this.calls.push("down");
  }

  /** The values heard so far, as JSON. */
  get json(): readonly string[] {
    return this.messages.map(({ data }) => JSON.stringify(data));
  }

  /** Resolves when the network has told `up` this many times. */
  async isUp(times = 1): Promise<void> {
    await vi.waitFor(
      () => {
        const ups = this.calls.filter((call) => call === "up").length;
        if (ups < times) throw new Error(`up was told ${ups} times; told so far: ${this.calls.join(", ")}`);
      },
      { timeout: 15_000, interval: 5 },
    );
  }
}
