import type { Client } from "../client.ts";
import type { Message } from "../message.ts";
import type { Realm } from "../realm.ts";

/** What a command does with a client's line. */
export type Handler = (realm: Realm, client: Client, message: Message) => void;

/** One row of the command table. */
export interface Command {
  readonly run: Handler;
  /** With fewer parameters the answer is 461. */
  readonly minParams: number;
  /** Before registration the answer is 451. */
  readonly needsRegistration: boolean;
}
