import type { ConnectionType } from "../../bayeux/index.ts";

/** How the one array that answers a request is wrapped. */
export interface Envelope {
  readonly headers: Readonly<Record<string, string>>;
  /** @param messages ready messages joined by commas; may be empty. */
  wrap(messages: Buffer): Buffer;
}

/** The messages of a request as JSON, and how to answer them; or what is wrong, in words for a person. */
export type Reading = { readonly json: Buffer; readonly envelope: Envelope } | { readonly fault: string };

/** All that tells one polling transport from another. */
export interface PollingSettings {
  readonly name: ConnectionType;
  readonly method: "GET" | "POST";
  /** Of the body; null where there is none. */
  readonly contentType: RegExp | null;
  /** @param query what follows the `?` of the address */
  read(body: Buffer, query: string): Reading;
}

const OPEN = Buffer.from("[");
const CLOSE = Buffer.from("]");

/** The answer as it is: an array. */
export const JSON_ARRAY: Envelope = {
  headers: { "content-type": "application/json;charset=UTF-8" },
  wrap: (messages) => Buffer.concat([OPEN, messages, CLOSE]),
};
