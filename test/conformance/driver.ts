import type { Message } from "cometd";

/** How a request ended: `""` when it was successful, else the error as `code:args:text`. */
export type Outcome = string;

/** A message that a listener was called with. */
export interface Heard {
  readonly channel: string;
  readonly data: unknown;
}

/** What the extensions of a client said and were told. */
export interface Seen {
  readonly sent: readonly Message[];
  readonly received: readonly Message[];
}

/** How a client is set up; plain data, so that it can be handed into a page. */
export interface DriverOptions {
  /** Of the endpoint. */
  readonly url: string;
  /** Transports that are turned off. */
  readonly off: readonly string[];
  readonly isExtended: boolean;
}

/** The few verbs that the conversation needs, of any library, in Node or in a page. Everything in it is plain data. */
export interface Driver {
  handshake(): Promise<Outcome>;
  /** The transport in use, and the session's clientId. */
  state(): Promise<{ readonly type: string; readonly clientId: string }>;
  subscribe(channel: string): Promise<Outcome>;
  /** All with one call, in the library's own way. */
  subscribeAll(channels: readonly string[]): Promise<Outcome>;
  unsubscribe(channel: string): Promise<Outcome>;
  publish(channel: string, data: unknown): Promise<Outcome>;
  publishBinary(channel: string, bytes: readonly number[]): Promise<Outcome>;
  /** Asks a service channel, in the library's own way. @returns the error, or the answer */
  call(channel: string, data: unknown): Promise<{ readonly outcome: Outcome; readonly answer: unknown }>;
  disconnect(): Promise<Outcome>;
  heard(): Promise<readonly Heard[]>;
  seen(): Promise<Seen>;
  /** Prepares for the page being loaded again. */
  reload(): Promise<void>;
}

/** A driver somewhere, until it is put away. */
export interface Client extends AsyncDisposable {
  readonly driver: Driver;
  /** Loads the page again; nothing where there is no page. */
  readonly reopen: (() => Promise<void>) | null;
  /** What went wrong outside of any request. */
  readonly faults: readonly string[];
  /** A network interface came or went, and Chromium gave up its requests because of it: this says nothing of us. */
  readonly isDisturbed: boolean;
}
