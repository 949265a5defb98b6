import type { Request } from "../../bayeux/index.ts";
import type { Group } from "../batch.ts";
import type { Failure } from "../replies.ts";
import type { Waiter } from "../takeovers.ts";

/** Whose connects these are. */
export interface SocketConnectOwner {
  onTurn(connect: SocketConnect): void;
  onOver(connect: SocketConnect): void;
}

/** The connects of one session in one batch over a WebSocket, until a bridge has taken them. */
export class SocketConnect implements Waiter {
  readonly route: number;
  readonly clientId: string;
  readonly requests: readonly Request[];
  /** A JSON array with them. */
  readonly payload: Buffer;
  /** The batch is one connect alone. */
  readonly isAlone: boolean;
  /** What is told where no bridge takes them. */
  failure: Failure = "away";
  readonly #owner: SocketConnectOwner;

  constructor(owner: SocketConnectOwner, group: Group, session: SessionAddress, payload: Buffer, isAlone: boolean) {
    this.#owner = owner;
    this.route = session.route;
    this.clientId = session.clientId;
    this.requests = group.requests;
    this.payload = payload;
    this.isAlone = isAlone;
  }

  get bytes(): number {
    return this.payload.length;
  }

  onTurn(): void {
    this.#owner.onTurn(this);
  }

  onOver(): void {
    this.#owner.onOver(this);
  }
}

/** Where a session is. */
export interface SessionAddress {
  readonly route: number;
  readonly clientId: string;
}
