import type { Connection } from "./connection.ts";
import { renderNumeric, type Numeric } from "./numerics.ts";
import type { Outgoing } from "./outgoing.ts";

/** Everybody connects over loopback, so one host name serves all. */
const HOST = "localhost";

/** One connected user, before and after registration. The realm keeps `nick` and `channels` in step with its tables. */
export class Client {
  readonly connection: Connection;
  readonly host = HOST;
  readonly connectedMs: number;
  readonly #serverName: string;
  /** Empty until NICK was accepted. */
  nick = "";
  /** Empty until USER was accepted. */
  user = "";
  realName = "";
  /** Bits of `caps.ts`. */
  caps = 0;
  /** CAP LS or REQ came before registration, and CAP END has not. */
  isNegotiating = false;
  isRegistered = false;
  /** User mode +i. */
  isInvisible = false;
  away: string | null = null;
  /** When it last said something. */
  spokeMs: number;
  /** When it was asked PING, or null when it has been heard since. */
  pingedMs: number | null = null;
  /** Case-folded names. */
  readonly channels = new Set<string>();

  constructor(connection: Connection, serverName: string, nowMs: number) {
    this.connection = connection;
    this.connectedMs = nowMs;
    this.spokeMs = nowMs;
    this.#serverName = serverName;
  }

  /** The prefix of what it says: `nick!user@host`. */
  get source(): string {
    return `${this.nick}!${this.user}@${this.host}`;
  }

  has(cap: number): boolean {
    return (this.caps & cap) !== 0;
  }

  send(message: Outgoing): void {
    this.connection.send(message.for(this.caps));
  }

  /** Sends a line of the server itself, without prefix and line end. */
  tell(line: string): void {
    this.connection.send(`:${this.#serverName} ${line}\r\n`);
  }

  /** @see renderNumeric */
  reply(numeric: Numeric, params: readonly string[] = [], text?: string): void {
    const line = renderNumeric(this.#serverName, numeric, this.nick === "" ? "*" : this.nick, params, text);
    this.connection.send(`${line}\r\n`);
  }
}
