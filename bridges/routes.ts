import { type ClusterSource, HaloClient } from "../halod/index.ts";
import type { Logger } from "pino";
import type { HaloChannel } from "./halo/halo-channel.ts";
import type { BridgeNumbers } from "./halo/numbers.ts";
import type { Keepers } from "./keepers/keepers.ts";
import type { Moves } from "./moves/moves.ts";
import type { Ownership } from "./ownership.ts";
import type { Sessions } from "./session/sessions.ts";
import type { Takeover } from "./tickets/takeover.ts";
import type { Traffic } from "./traffic.ts";

/** What following the cluster's tables needs. */
export interface RoutesOptions {
  readonly ownership: Ownership;
  readonly moves: Moves;
  readonly takeover: Takeover;
  readonly traffic: Traffic;
  readonly halo: HaloChannel;
  readonly keepers: Pick<Keepers, "follow">;
  readonly sessions: Sessions;
  /** Others may take over from us, and we from them. */
  readonly mayMove: boolean;
  readonly numbers: () => BridgeNumbers;
  readonly log: Logger;
}

/** The bridge's place in the cluster: with each table, what routes it gains and loses, and their sessions with them. */
export class Routes implements AsyncDisposable {
  readonly #options: RoutesOptions;
  #cluster: ClusterSource | null = null;
  #hasLeft = false;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** Joins the cluster, unless the bridge stops already. @param source is disposed of here */
  follow(source: () => ClusterSource): void {
    if (this.#hasLeft) return;
    const { ownership, moves, takeover, traffic, halo, mayMove, numbers, log } = this.#options;
    const cluster = source();
    this.#cluster = cluster;
    halo.follow(cluster instanceof HaloClient ? cluster : null, numbers);
    cluster.start(
      (table) => {
        halo.onTable(table);
        const before = ownership.routes;
        const coming = new Set([...before].filter((route) => moves.isComing(route)));
        // One that leaves is in no table any more, and hands over what it has.
        const isSame = ownership.follow(table) || this.#hasLeft;
        if (!mayMove) return;
        this.#options.keepers.follow(table);
        moves.follow(table, isSame);
        this.endMoved(isSame);
        // What comes from a bridge that lives is not to be claimed; what came from one that has died meanwhile is.
        const isHere = (route: number) => isSame && before.has(route) && !coming.has(route);
        takeover.follow(table, (route) => isHere(route) || moves.isComing(route));
        log.info({ epoch: table.epoch, routes: ownership.size }, "routes known");
        traffic.look();
      },
      (plan, prepared) => moves.plan(plan, prepared),
    );
  }

  /** @returns whether everybody was told in time that we go, and others have our sessions */
  async leave(timeoutMs: number): Promise<boolean> {
    this.#hasLeft = true;
    const isTold = this.#cluster instanceof HaloClient && (await this.#cluster.leave(timeoutMs));
    if (isTold) await this.#options.moves.departures.done();
    await this.#cluster?.[Symbol.asyncDispose]();
    this.#options.ownership.giveUp();
    this.endMoved(false);
    return isTold;
  }

  /** HaloD is to know soon how we are. */
  tell(): void {
    if (this.#cluster instanceof HaloClient) this.#cluster.tell();
  }

  /** Sessions on routes that were not ours all the time, and that nobody takes over, have to begin anew. */
  endMoved(isSame = true): void {
    const { ownership, moves, sessions, log } = this.#options;
    const stays = (route: number) => isSame && (ownership.owns(route) || moves.departures.has(route));
    const ended = sessions.endMoved(stays);
    if (ended > 0) log.info({ sessions: ended }, "sessions on routes that moved end");
  }

  /** Follows no table any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasLeft = true;
    await this.#cluster?.[Symbol.asyncDispose]();
  }
}
