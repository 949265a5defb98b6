import { randomBytes, randomUUID } from "node:crypto";
import { pino } from "pino";
import { Bridge, bridgeSchema } from "../../bridges/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";
import { LoopbackNetwork } from "./loopback-network.ts";
import { soleMapping } from "./sole-mapping.ts";

/** A bridge in this process, on a network of its own, that registers with HaloD and lets pages see the stack. */
export class LocalBridge implements AsyncDisposable {
  readonly network = new LoopbackNetwork();
  #bridge: Bridge | null = null;

  /** @param halod host:port */
  static async start(halod: string, node: number): Promise<LocalBridge> {
    const local = new LocalBridge();
    const log = pino({ level: "silent" });
    const now = () => performance.timeOrigin + performance.now();
    local.#bridge = await Bridge.start({
      config: bridgeSchema.parse({ port: 0, node, halod: [halod], haloChannel: true }),
      routes: 1_024,
      secret: "",
      name: `bridge ${node}`,
      instance: randomUUID(),
      link: linkSchema.parse({}),
      faults: new FaultCounter(log, now),
      networks: [local.network],
      mapping: soleMapping(local.network.name),
      log,
      now,
      randomBytes,
    });
    return local;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bridge?.[Symbol.asyncDispose]();
  }
}
