import { lookFor } from "../support/executables.ts";
import { fixEngine, requestedEngine } from "../support/engine.ts";
import { setup } from "../support/prepare.ts";
import { startNgircd } from "../support/servers.ts";
import { startBridge, startDispatcher } from "../support/stack.ts";
import { BenchProcess } from "./child-process.ts";
import { processesOf, type FoundProcess, type Tiers } from "./cpu.ts";
import type { Address, Publishing } from "./load/protocol.ts";

/** A server under load: all processes that it consists of. */
export interface Subject extends AsyncDisposable {
  readonly name: "tailspin" | "faye" | "bare";
  /** The network server too: a peer does its work itself. */
  readonly tiers: Tiers;
  readonly server: Address;
  readonly publishing: Publishing;
}

/** Our own stack, whose bridge can be listened to. */
export interface TailSpin extends Subject {
  /** The bridge's log, line by line, growing. */
  readonly bridgeLog: readonly string[];
}

const HOST = "127.0.0.1";
/** As faye is told too: renewed connects of idle subscribers are not what is measured. */
const CONNECT_TIMEOUT_MS = 120_000;

/** Makes sure that there is an ngIRCd: the system's own where it is installed, else as for the tests. */
export async function prepareServers(): Promise<void> {
  if (requestedEngine() === undefined && lookFor("ngircd") !== undefined) fixEngine("processes");
  else await setup();
}

/** ngIRCd, a bridge and a dispatcher, each a process of its own. */
export async function startTailSpin(signal: AbortSignal): Promise<TailSpin> {
  signal.throwIfAborted();
  await using started = new AsyncDisposableStack();
  const others = new Set(processesOf("ngircd").map(({ pid }) => pid));
  const ngircd = started.use(await startNgircd());
  const ngircds = processesOf("ngircd").filter(({ pid }) => !others.has(pid));
  const bridge = started.use(await startBridge(ngircd, "--bridge-connect-timeout-ms", String(CONNECT_TIMEOUT_MS)));
  signal.throwIfAborted();
  const dispatcher = started.use(await startDispatcher([bridge]));
  const stack = started.move();
  return {
    name: "tailspin",
    tiers: { ngircd: theOne(ngircds), bridge: bridge.pid, dispatcher: dispatcher.pid },
    server: { host: HOST, port: dispatcher.port },
    bridgeLog: bridge.log,
    publishing: { by: "irc", at: { host: ngircd.host, port: ngircd.port } },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** faye's server, with the engine that it has by default. */
export async function startFaye(signal: AbortSignal): Promise<Subject> {
  return startPeer("faye", { by: "bayeux" }, signal);
}

/** The write loop that nothing can beat without coalescing. */
export async function startBare(signal: AbortSignal): Promise<Subject> {
  return startPeer("bare", { by: "lines" }, signal);
}

async function startPeer(name: "faye" | "bare", publishing: Publishing, signal: AbortSignal): Promise<Subject> {
  const peer = await BenchProcess.start(`peers/${name}.ts`, null, signal);
  return {
    name,
    tiers: { [name]: peer.pid },
    server: { host: HOST, port: peer.port },
    publishing,
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

/**
 * Our child, or else the only one there is: in a container it is the engine's.
 *
 * @throws Error where the engine hides its processes (one on another machine), or two servers started at once
 */
function theOne(found: readonly FoundProcess[]): number {
  const ours = found.filter(({ parent }) => parent === process.pid);
  const [one, ...others] = ours.length > 0 ? ours : found;
  if (one === undefined || others.length > 0) {
    throw new Error(`the process of ngIRCd cannot be told: ${found.length} of that name appeared when it was started`);
  }
  return one.pid;
}
