import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/free-port.ts";
import { Gate } from "../support/gate.ts";
import { Haproxy } from "../support/haproxy.ts";
import { untilProtected } from "../support/protection.ts";
import { startNgircd, startProsody, type TestServer } from "../support/servers.ts";
import { startDispatcherWith, startHalod, TierProcess } from "../support/stack.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";
import { activeIn, ClusterWatch } from "../support/cluster-watch.ts";

/** Of its bridges, so many are there and own routes, and so many wait. */
export interface Arrangement {
  readonly active: number;
  readonly spares: number;
}

/** WebSockets that a dispatcher closes when it stops. */
export const DRAIN_PER_SECOND = 50;
/** A hang is to be noticed within a fault that lasts ten seconds; all else is as it comes. */
const HALOD_FLAGS = ["--halod-silence-ms", "5000", "--halod-nodes", "1"];
const { domain, mucDomain, account } = XMPP_SERVICE;
const RULES = [{ channels: "/xmpp/**", network: "xmpp", stripPrefix: true }];
const DISPATCHERS = 2;
const VERSION_HEADER = "X-Http-Version";
/** As in the compose file, and somewhat quicker. Whoever is connected to a dispatcher that drains stays there. */
const CHECK = "inter 500ms fall 2 rise 1";
const BRIDGE_READY = /^tailspin bridge ready \S+:(\d+)$/;
/** On a busy machine, while everybody speaks; and until HaloD has told what it does with one that is ready. */
const START_MS = 60_000;
const TABLE_MS = 30_000;
const PROTECTED_MS = 10_000;

interface Place {
  readonly port: number;
  readonly gate: Gate;
}

/** HaloD, bridges on ngIRCd and Prosody, two dispatchers that stay at their ports, and a balancer: each process a real one. */
export class ChaosStack implements AsyncDisposable {
  readonly ircd: TestServer;
  readonly prosody: TestServer;
  #resources: AsyncDisposableStack;
  readonly #halodPort: number;
  readonly #folder: string;
  readonly #dispatcherPorts: readonly number[];
  readonly #bridges = new Map<number, TierProcess>();
  readonly #places = new Map<number, Place>();
  readonly #dispatchers: TierProcess[] = [];
  #halod: TierProcess | null = null;
  /** Everything that was ever started, by what it was. */
  readonly #started: { readonly name: string; readonly process: TierProcess }[] = [];
  #spares = 0;
  #watch: ClusterWatch | null = null;
  #balancer: Haproxy | null = null;

  private constructor(
    resources: AsyncDisposableStack,
    servers: { ircd: TestServer; prosody: TestServer },
    folder: string,
    [halodPort = 0, ...dispatcherPorts]: readonly number[],
  ) {
    this.#resources = resources;
    this.ircd = servers.ircd;
    this.prosody = servers.prosody;
    this.#folder = folder;
    this.#halodPort = halodPort;
    this.#dispatcherPorts = dispatcherPorts;
  }

  /** With one bridge. */
  static async start(): Promise<ChaosStack> {
    await using resources = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "chaos-"));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    const ircd = resources.use(await startNgircd());
    const prosody = resources.use(await startProsody());
    const ports = await Promise.all(Array.from({ length: 1 + DISPATCHERS }, () => freePort()));
    const stack = new ChaosStack(resources, { ircd, prosody }, folder, ports);
    await stack.startHalod();
    await stack.startBridge(1);
    for (let index = 0; index < DISPATCHERS; index++) await stack.startDispatcher(index);
    stack.#watch = resources.use(new ClusterWatch([stack.#address]));
    const targets = stack.#dispatcherPorts.map((port) => ({ port }));
    stack.#balancer = resources.use(await Haproxy.start(targets, VERSION_HEADER, CHECK));
    await stack.watch.until("a bridge", ({ owners }) => !owners.includes(0));
    stack.#resources = resources.move();
    return stack;
  }

  get watch(): ClusterWatch {
    if (!this.#watch) throw new Error("the stack did not start");
    return this.#watch;
  }

  /** Where browsers are sent: the balancer. */
  get port(): number {
    if (!this.#balancer) throw new Error("the stack did not start");
    return this.#balancer.plainPort;
  }

  bridge(node: number): TierProcess {
    const bridge = this.#bridges.get(node);
    if (!bridge) throw new Error(`there is no bridge ${node}`);
    return bridge;
  }

  /** @param index from 0 */
  dispatcher(index: number): TierProcess {
    const dispatcher = this.#dispatchers[index];
    if (!dispatcher) throw new Error(`there is no dispatcher ${index}`);
    return dispatcher;
  }

  get halod(): TierProcess {
    if (!this.#halod) throw new Error("there is no HaloD");
    return this.#halod;
  }

  /** What all links to a bridge pass. */
  gate(node: number): Gate {
    const place = this.#places.get(node);
    if (!place) throw new Error(`there is no bridge ${node}`);
    return place.gate;
  }

  /** The least number that no bridge has. */
  get freeNode(): number {
    let node = 1;
    while (this.#bridges.get(node)?.isRunning) node++;
    return node;
  }

  async startHalod(spares: number = this.#spares): Promise<void> {
    this.#spares = spares;
    const file = join(this.#folder, "cluster.json");
    const flags = [...HALOD_FLAGS, "--halod-spares", String(spares)];
    this.#halod = this.#keep("halod", await startHalod(this.#halodPort, file, ...flags));
  }

  /** Between a bridge and HaloD. */
  async gateToHalod(): Promise<Gate> {
    return this.#resources.use(await Gate.start({ host: "127.0.0.1", port: this.#halodPort }));
  }

  /** Until the sessions would survive any one bridge. @returns what HaloD says against that when it has waited long enough */
  untilProtected(): Promise<readonly string[]> {
    return untilProtected(this.#address, PROTECTED_MS);
  }

  /** Starts one, or one again; it registers when it is on both networks. @param halod where it finds HaloD */
  async startBridge(node: number, halod = this.#address): Promise<void> {
    const { port, gate } = this.#places.get(node) ?? (await this.#place(node));
    const { ircd, prosody } = this;
    const args = [
      ...["bridge", "--bridge-port", String(port), "--bridge-advertise", `${gate.host}:${gate.port}`],
      ...["--bridge-halod", halod, "--bridge-node", String(node), "--bridge-connect-timeout-ms", "5000"],
      ...["--irc-host", ircd.host, "--irc-port", String(ircd.port), "--irc-reconnect-max-ms", "300"],
      ...["--xmpp-jid", `${account.user}@${domain}`, "--xmpp-password", account.password],
      ...["--xmpp-host", prosody.host, "--xmpp-port", String(prosody.port), "--xmpp-muc-service", mucDomain],
      ...["--xmpp-tls", "none", "--xmpp-allow-plain-without-tls", "--xmpp-reconnect-max-ms", "300"],
      ...["--mapping", JSON.stringify(RULES)],
    ];
    const bridge = await TierProcess.start(BRIDGE_READY, args, {}, START_MS);
    this.#bridges.set(node, this.#keep(`bridge ${node}`, bridge));
  }

  async startDispatcher(index: number): Promise<void> {
    const port = String(this.#dispatcherPorts[index]);
    const flags = [
      "--port",
      port,
      "--dispatcher-halod",
      this.#address,
      "--dispatcher-drain-per-second",
      String(DRAIN_PER_SECOND),
    ];
    this.#dispatchers[index] = this.#keep(`dispatcher ${index}`, await startDispatcherWith(...flags));
  }

  /** Starts and stops bridges until so many are there. Those with the least numbers stay. */
  async arrange({ active, spares }: Arrangement): Promise<void> {
    const { table } = this.watch;
    // A spare's place may be another one's under another rule: it comes again.
    const extra = table.nodes.filter(({ state, node }) => state === "spare" || node > active).map(({ node }) => node);
    for (const node of this.#spares === spares ? extra.filter((one) => one > active + spares) : extra)
      await this.stopBridge(node);
    if (this.#spares !== spares) {
      await this.halod.stop();
      await this.startHalod(spares);
    }
    while (this.freeNode <= active + spares) {
      const node = this.freeNode;
      await this.startBridge(node);
      await this.watch.until(`bridge ${node}`, ({ nodes }) => nodes.some((one) => one.node === node), TABLE_MS);
    }
    await this.isArranged({ active, spares });
  }

  /** @returns what all processes have logged since this was asked last, each line with its process's name, by their times */
  takeLogs(): string[] {
    const lines = this.#started.flatMap(({ name, process }) => process.log.splice(0).map((line) => ({ name, line })));
    const timeOf = (line: string): number => Number(/"time":(\d+)/.exec(line)?.[1] ?? 0);
    return lines.toSorted((a, b) => timeOf(a.line) - timeOf(b.line)).map(({ name, line }) => `${name}: ${line}`);
  }

  /** SIGTERM, and until it has no routes. */
  async stopBridge(node: number): Promise<void> {
    await this.bridge(node).stop();
    await this.watch.until(`no bridge ${node}`, ({ nodes }) => nodes.every((one) => one.node !== node), TABLE_MS);
  }

  /** Resolves when the table has so many. */
  async isArranged({ active, spares }: Arrangement): Promise<void> {
    const what = `${active} bridges and ${spares} spares`;
    await this.watch.until(
      what,
      (table) => activeIn(table).length === active && table.nodes.length === active + spares,
      TABLE_MS,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  get #address(): string {
    return `127.0.0.1:${this.#halodPort}`;
  }

  #keep(name: string, process: TierProcess): TierProcess {
    this.#started.push({ name, process });
    return this.#resources.use(process);
  }

  async #place(node: number): Promise<Place> {
    const port = await freePort();
    const gate = this.#resources.use(await Gate.start({ host: "127.0.0.1", port }));
    const place = { port, gate };
    this.#places.set(node, place);
    return place;
  }
}
