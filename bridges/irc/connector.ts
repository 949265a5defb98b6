import type { Logger } from "pino";
import { FaultCounter } from "../../link/index.ts";
import type { IrcConfig } from "./config.ts";
import { Connection, type ConnectionOwner, type ConnectionParts } from "./connection.ts";
import { nickCandidates } from "./nicks.ts";

/** What connections are made with. */
export interface ConnectorParts {
  readonly config: IrcConfig & { readonly host: string };
  readonly node: number;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

/** What a user's own connection differs by from the bridge's. */
export type OwnConnection = Pick<ConnectionParts, "config" | "nicks" | "realName" | "visitor" | "user" | "owner">;

/** Makes connections. */
export class Connector {
  readonly #parts: ConnectorParts;
  readonly #faults: FaultCounter;

  constructor(parts: ConnectorParts) {
    this.#parts = parts;
    this.#faults = new FaultCounter(parts.log, parts.now);
  }

  /**
   * @param suffix of our nick, behind the node's number: `""`, `"r2"`, `"s1"`, `"m"`
   * @param user name of each connection that it makes, where it is not the usual one
   */
  connect(owner: ConnectionOwner, suffix: string, user?: () => string): Connection {
    const { config, node, log } = this.#parts;
    const nicks = nickCandidates(config.nick, `${node}${suffix}`);
    const own = { config, nicks, owner, ...(user === undefined ? {} : { user }) };
    return this.#make(own, log.child({ connection: `${node}${suffix}` }));
  }

  /** One that speaks for a single user. */
  connectOwn(own: OwnConnection): Connection {
    return this.#make(own, this.#parts.log);
  }

  #make(own: OwnConnection, log: Logger): Connection {
    const { now, random } = this.#parts;
    return new Connection({ ...own, log, faults: this.#faults, now, random });
  }
}
