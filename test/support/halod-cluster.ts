import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { pino, type Logger } from "pino";
import {
  HaloClient,
  HaloDaemon,
  halodSchema,
  type Cluster,
  type HalodConfig,
  type HaloMember,
} from "../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";

const SCRIPT = fileURLToPath(new URL("halod-members.ts", import.meta.url));
const READY_MS = 60_000;
const silent = pino({ level: "silent" });
const now = () => performance.timeOrigin + performance.now();

export const ROUTES = 24;
export const SECRET = "a secret of the test";

/** A HaloD in this process. */
export function startHalod(changes: Partial<HalodConfig>, log: Logger = silent): Promise<HaloDaemon> {
  return HaloDaemon.start({
    config: halodSchema.parse({ port: 0, ...changes }),
    routes: ROUTES,
    secret: SECRET,
    name: "h1",
    instance: randomUUID(),
    link: linkSchema.parse({}),
    faults: new FaultCounter(log, now),
    log,
    now,
    randomBytes,
  });
}

/** How busy a member says that it is. */
export interface TestLoad {
  readonly sessions: number;
  /** 0 to 1. */
  readonly busy: number;
}

/** A member in this process, which keeps what it was told. */
export class TestMember implements AsyncDisposable {
  readonly client: HaloClient;
  readonly clusters: Cluster[] = [];
  /** What it says of itself every second, where it does. */
  load: TestLoad | undefined;

  /** @param port of HaloD, or of both @param node the number of a bridge; none for a dispatcher @param load it says so of itself every second */
  constructor(
    port: number | readonly number[],
    node?: number,
    { log = silent, load }: { log?: Logger; load?: TestLoad } = {},
  ) {
    this.load = load;
    const name = `m${node ?? ""}`;
    const instance = randomUUID();
    const member: HaloMember =
      node === undefined
        ? { role: "dispatcher", instance, name }
        : { role: "bridge", node, address: `b${node}:7070`, instance, name };
    this.client = new HaloClient({
      addresses: [port].flat().map((each) => `127.0.0.1:${each}`),
      member,
      routes: ROUTES,
      secret: SECRET,
      log,
      link: linkSchema.parse({}),
      faults: new FaultCounter(log, now),
      randomBytes,
      random: () => 0.01,
      ...(load && { numbers: () => ({ ...load, ...this.load, connections: 0, heard: 0, delivered: 0 }) }),
    });
    this.client.start((cluster) => this.clusters.push(cluster));
  }

  /** The newest table, one character a route. */
  get owners(): string {
    return this.clusters.at(-1)?.owners.join("") ?? "none";
  }

  get epochs(): number[] {
    return this.clusters.map(({ epoch }) => epoch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }
}

/** Members in a process of their own, to be killed or stopped. */
export class MemberProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  #epoch = 0;
  #change = Promise.withResolvers<void>();

  private constructor(argument: string) {
    const bound = process.platform === "linux" ? ["setpriv", "--pdeathsig", "KILL", "--"] : [];
    const [command, ...rest] = [...bound, process.execPath, SCRIPT, argument];
    this.#child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
    if (this.#child.stdout === null) throw new Error("standard output is a pipe");
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#onLine(line));
  }

  /** Resolves when all of them have been told a table in which they are. */
  static async start(
    port: number | readonly number[],
    nodes: readonly number[],
    { secret = SECRET, routes = ROUTES } = {},
  ): Promise<MemberProcess> {
    const members = new MemberProcess(JSON.stringify({ ports: [port].flat(), nodes, secret, routes }));
    const late = AbortSignal.timeout(READY_MS);
    try {
      await Promise.race([members.#ready.promise, once(late, "abort").then(() => late.throwIfAborted())]);
    } catch (cause) {
      await members[Symbol.asyncDispose]();
      throw new Error("the members were not told a table", { cause });
    }
    return members;
  }

  /** Resolves when all of them have been told this table, or a newer one. @throws Error after a bounded time */
  async told(epoch: number): Promise<void> {
    const late = AbortSignal.timeout(READY_MS);
    while (this.#epoch < epoch) {
      await Promise.race([this.#change.promise, once(late, "abort").then(() => late.throwIfAborted())]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGKILL. */
  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  #onLine(line: string): void {
    const epoch = /^epoch (\d+)$/.exec(line)?.[1];
    if (epoch === undefined) return this.#ready.resolve();
    this.#epoch = Number(epoch);
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
