import { randomBytes } from "node:crypto";
import { type Logger, pino } from "pino";
import { Bridge, type BridgeConfig, type BridgeOptions, bridgeSchema } from "../../bridges/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";
import { FakeNetwork } from "../unit/bridges/fake-network.ts";
import { soleMapping } from "./sole-mapping.ts";

/** A bridge on a network of its own, which hears what a test lets it hear. */
export interface OfflineBridge {
  readonly network: FakeNetwork;
  readonly bridge: Bridge;
  readonly faults: FaultCounter;
}

/** @param more what is other than for a bridge that is alone, has one route, and is called "bridge" */
export async function startOfflineBridge(
  config: Partial<BridgeConfig>,
  more: Partial<BridgeOptions> = {},
  log: Logger = pino({ level: "silent" }),
): Promise<OfflineBridge> {
  const faults = new FaultCounter(log, Date.now);
  const network = new FakeNetwork();
  const bridge = await Bridge.start({
    config: bridgeSchema.parse({ port: 0, ...config }),
    routes: 1,
    secret: "secret",
    name: "bridge",
    instance: "instance",
    link: linkSchema.parse({}),
    faults,
    networks: [network],
    mapping: soleMapping(network.name),
    log,
    now: () => Date.now(),
    randomBytes,
    ...more,
  });
  return { network, bridge, faults };
}
