import type { Logger } from "pino";
import type { FaultCounter, LinkConfig, LinkServerOptions } from "../link/index.ts";
import type { Environment } from "./command.ts";
import type { HalodConfig } from "./config.ts";

/** What HaloD is started with. */
export interface HaloDaemonOptions {
  readonly config: HalodConfig;
  /** Number of routes; the same in all processes. */
  readonly routes: number;
  readonly secret: string;
  /** For logs. */
  readonly name: string;
  /** Random, one for each life of the process. */
  readonly instance: string;
  readonly link: LinkConfig;
  readonly faults: FaultCounter;
  readonly log: Logger;
  /** Milliseconds since 1970 that only grow. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  /** What commands of the autoscaler are run with; nothing where unset. */
  readonly environment?: Environment;
}

/** A byte is asked for so often within the time after which silence counts as a loss. */
const BEATS = 4;

/** Links on which silence is noticed as HaloD wants it. */
export function linkOf({ config, link }: HaloDaemonOptions): LinkConfig {
  const { silenceMs } = config;
  return { ...link, heartbeatMs: Math.ceil(silenceMs / BEATS), deadAfterMs: silenceMs };
}

/** How HaloD listens, and says who it is. */
export function listeningOf(options: HaloDaemonOptions): Omit<LinkServerOptions, "owner"> {
  const { config, routes, link, name, instance, secret, faults, log, randomBytes } = options;
  return {
    ...{ host: config.host, port: config.port, secret, log, faults, randomBytes },
    peer: { role: "halod", name, instance, routes, node: 0, nodes: routes },
    // After a restart all of them come at once, and who is not let in comes later, perhaps too late.
    config: { ...linkOf(options), maxUnproven: Math.max(link.maxUnproven, config.maxBridges) },
  };
}
