import type { Network } from "../../../bridges/network.ts";
import type { TestServer } from "../../support/test-server.ts";
import type { Gives } from "./gives.ts";

/** Settings that tests shorten. */
export interface NetworkTimes {
  readonly joinTimeoutMs?: number;
  readonly publishTimeoutMs?: number;
  readonly pingIntervalMs?: number;
  readonly deadAfterMs?: number;
  readonly rejoinIntervalMs?: number;
}

/** Somebody on the foreign network, with an ordinary client. Channels are Bayeux names. */
export interface Outsider extends AsyncDisposable {
  readonly nick: string;
  join(channel: string): Promise<void>;
  /** Goes where no Bayeux channel leads. */
  joinForeign(): Promise<void>;
  /** Says it on one line. */
  say(channel: string, text: string): void;
  /** Does something, as `/me` in any client. */
  act(channel: string, text: string): void;
  /** Resolves when the server has taken everything that was said before. */
  taken(): Promise<void>;
  /** Leaves the channel, and waits until it has. */
  leave(channel: string): Promise<void>;
  /** Waits until the new name is confirmed. */
  rename(name: string): Promise<void>;
  /** Logs out. */
  quit(): void;
  /** Is gone without a word. */
  cut(): void;
  /** As an operator of the channel: nobody else may join. */
  close(channel: string): Promise<void>;
  /** As an operator of the channel: it is not listed. */
  hide(channel: string): Promise<void>;
  /** As an operator of the channel: only members may speak. */
  membersOnly(channel: string): Promise<void>;
  /** As an operator of the channel: nobody may speak. */
  silence(channel: string): Promise<void>;
  /** As an operator of the channel: throws somebody out. */
  expel(channel: string, nick: string): Promise<void>;
  /** As an operator of the channel: throws out the bridge that joined after us. */
  expelBridge(channel: string): Promise<void>;
  /** What a person reads in this channel, in order, so far: the texts alone. */
  heard(channel: string): readonly string[];
}

/** A kind of network with a server to test it against. A new network is one more of these. */
export interface NetworkFixture {
  readonly name: string;
  /** As it appears in `ext.tailspin.network`. */
  readonly network: string;
  /** What the network calls somebody in a channel. */
  memberId(channel: string, nick: string): string;
  readonly gives: Gives;
  /** What the server says to who may not join. */
  readonly closedWords: RegExp;
  startServer(): Promise<TestServer>;
  /** @param node another number for each network of a test */
  makeNetwork(server: TestServer, node: number, times?: NetworkTimes): Network;
  makeOutsider(server: TestServer, nick: string): Promise<Outsider>;
}
