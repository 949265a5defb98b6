import { AlternatingProxy } from "./alternating-proxy.ts";
import { startNgircd, type TestServer } from "./servers.ts";
import { startBridge, startDispatcher, type TierProcess } from "./stack.ts";

/** What a stack is made of. */
export interface WholeStackOptions {
  readonly startServer?: () => Promise<TestServer>;
  readonly dispatchers?: number;
  /** More flags of `tailspin bridge`. */
  readonly bridgeFlags?: readonly string[];
  /** And of `tailspin dispatcher`. */
  readonly dispatcherFlags?: readonly string[];
}

/** An IRC server, a bridge, dispatchers, and a balancer without affinity: each process a real one. */
export class WholeStack implements AsyncDisposable {
  readonly ircd: TestServer;
  readonly bridge: TierProcess;
  readonly dispatchers: readonly TierProcess[];
  readonly proxy: AlternatingProxy;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    resources: AsyncDisposableStack,
    ircd: TestServer,
    bridge: TierProcess,
    dispatchers: readonly TierProcess[],
    proxy: AlternatingProxy,
  ) {
    this.#resources = resources;
    this.ircd = ircd;
    this.bridge = bridge;
    this.dispatchers = dispatchers;
    this.proxy = proxy;
  }

  static async start(options: WholeStackOptions = {}): Promise<WholeStack> {
    const { startServer = startNgircd, dispatchers: count = 2, bridgeFlags = [], dispatcherFlags = [] } = options;
    await using resources = new AsyncDisposableStack();
    const ircd = resources.use(await startServer());
    const bridge = resources.use(await startBridge(ircd, ...bridgeFlags));
    const starting = Array.from({ length: count }, () => startDispatcher([bridge], ...dispatcherFlags));
    const started = await Promise.allSettled(starting);
    const dispatchers = started.flatMap((one) => (one.status === "fulfilled" ? [resources.use(one.value)] : []));
    const failed = started.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const proxy = resources.use(await AlternatingProxy.start(...dispatchers));
    return new WholeStack(resources.move(), ircd, bridge, dispatchers, proxy);
  }

  /** Where browsers are sent: the balancer. */
  get url(): string {
    return this.proxy.url;
  }

  /** The dispatcher at this place, from 0. */
  dispatcher(index: number): TierProcess {
    const dispatcher = this.dispatchers[index];
    if (dispatcher === undefined) throw new Error(`there is no dispatcher ${index}`);
    return dispatcher;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}
