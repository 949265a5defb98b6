import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { Bridge, type BridgeConfig, bridgeSchema, type Network } from "../../bridges/index.ts";
import { Dispatcher, type DispatcherConfig, type DispatcherOptions, dispatcherSchema } from "../../dispatcher/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";
import { soleMapping } from "./sole-mapping.ts";

/** What a stack in this process is made of. */
export interface LocalStackOptions {
  readonly network: Network;
  readonly dispatchers?: number;
  readonly bridge?: Partial<BridgeConfig>;
  readonly dispatcher?: Partial<DispatcherConfig>;
  readonly fallback?: NonNullable<DispatcherOptions["fallback"]>;
}

const ROUTES = 16;

/** A bridge and dispatchers in this process, joined by real links, on ports of the system's choice. */
export class LocalStack implements AsyncDisposable {
  readonly bridge: Bridge;
  readonly dispatchers: readonly Dispatcher[];
  /** What the bridge counts. */
  readonly faults: FaultCounter;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    resources: AsyncDisposableStack,
    bridge: Bridge,
    dispatchers: readonly Dispatcher[],
    faults: FaultCounter,
  ) {
    this.#resources = resources;
    this.bridge = bridge;
    this.dispatchers = dispatchers;
    this.faults = faults;
  }

  static async start({ network, dispatchers: count = 1, ...options }: LocalStackOptions): Promise<LocalStack> {
    await using resources = new AsyncDisposableStack();
    const log = pino({ level: "silent" });
    const shared = { routes: ROUTES, secret: "secret", log, link: linkSchema.parse({}) };
    const faults = new FaultCounter(log, Date.now);
    const bridge = resources.use(
      await Bridge.start({
        ...shared,
        config: bridgeSchema.parse({ port: 0, ...options.bridge }),
        name: "bridge",
        instance: randomBytes(8).toString("hex"),
        faults,
        networks: [network],
        mapping: soleMapping(network.name),
        now: () => performance.now(),
        randomBytes,
      }),
    );
    await bridge.ready();
    const config = dispatcherSchema.parse({
      port: 0,
      bridges: [`127.0.0.1:${bridge.port}`],
      drainTimeoutMs: 2_000,
      ...options.dispatcher,
    });
    const { fallback } = options;
    const dispatchers: Dispatcher[] = [];
    for (let index = 0; index < count; index++) {
      const started = await Dispatcher.start({ ...shared, config, ...(fallback ? { fallback } : {}) });
      dispatchers.push(resources.use(started));
      await started.ready();
    }
    return new LocalStack(resources.move(), bridge, dispatchers, faults);
  }

  /** Of the dispatcher at this place, from 0. */
  port(index = 0): number {
    const dispatcher = this.dispatchers[index];
    if (!dispatcher) throw new Error(`there is no dispatcher ${index}`);
    return dispatcher.port;
  }

  /** Connection numbers that are open, or not given back yet. */
  get openConnections(): number {
    return this.dispatchers.reduce((sum, { bridges }) => sum + (bridges.numbersOf(1)?.size ?? 0), 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
