import type { Network } from "../../bridges/index.ts";
import { Gate } from "../support/gate.ts";
import { LocalStack } from "../support/local-stack.ts";
import { SERVERS } from "../contract/network/gives.ts";
import { FaultClient } from "./fault-client.ts";
import { type FaultHistory, judgeFaults } from "./fault-judge.ts";
import { type Outsiders, waitUntil } from "./outsiders.ts";
import { type FaultPlan, type FaultServer, type FaultSubject, pause, planFault } from "./server-faults.ts";

/** What came of one run. */
export interface FaultReport {
  readonly subject: FaultSubject;
  readonly seed: string | number;
  readonly plan: FaultPlan;
  /** Messages that the network carried. */
  readonly messages: number;
  readonly missed: number;
  readonly lost: number;
  readonly twice: number;
  readonly notices: number;
  readonly accepted: number;
  readonly refused: number;
  readonly unknown: number;
  readonly faults: readonly string[];
}

const SAY_EVERY_MS = 7;
const PUBLISH_EVERY_MS = 15;
/** Shorter than some outages, so that some publishes are refused and others wait. */
const HOLD_MS = 1_000;
/** More than a run says, and longer than a slow machine takes. */
const FILL = { maxReplayMessages: 10_000, gapFillTimeoutMs: 15_000 };
/** Of one browser; a page that never waits for an answer has a bound as well. */
const MAX_PENDING = 300;
/** From the end of the fault until a browser's publish is accepted again; reconnecting takes its time. */
const RECOVERY_MS = 20_000;
let rooms = 0;

/** Lets a fault happen while everybody speaks, and holds what came of it against what is promised. */
export async function runFault(server: FaultServer, seed: string | number): Promise<FaultReport> {
  const { subject } = server;
  const plan = planFault(subject, seed);
  const room = `r${Math.floor(performance.now()).toString(36)}${(rooms += 1)}`;
  await using resources = new AsyncDisposableStack();
  const gate = resources.use(await Gate.start(server.near));
  const outsiders = resources.use(await server.enter(room));
  const network = server.makeNetwork(gate.port);
  const outages = countOutages(network);
  const bridge = { connectTimeoutMs: 2_000, publishHoldMs: HOLD_MS, ...FILL };
  const stack = resources.use(await LocalStack.start({ network, bridge }));
  const open = (name: string, index: 0 | 1 | 2): Promise<FaultClient> =>
    FaultClient.open(name, stack.port(), `/${room}`, plan.transports[index]);
  const [alice, carol, dave] = [await open("alice", 0), await open("carol", 1), await open("dave", 2)];
  const clients = [resources.use(alice), resources.use(carol), resources.use(dave)];

  const traffic = new Traffic(outsiders, [alice, carol]);
  // A history is asked for what came after the last message, so there has to be one.
  await waitUntil(() => clients.every(({ arrivals }) => arrivals.length > 0), "a first message for everybody");
  await pause(plan.calmMs);
  await server.inflict(plan, { gate, outsiders, outages });
  const complaints = await traffic.end();
  outsiders.say(LAST);
  // Whoever has not heard it in the end is told of by the judge.
  const allHear = (text: string): Promise<void> =>
    waitUntil(() => clients.every((client) => client.hasHeard(text))).catch(() => undefined);
  await allHear(LAST);
  const carried = await outsiders.carried(LAST);
  // A publish whose fate is unknown may come even later.
  await allHear(carried.at(-1) ?? LAST);
  const history: FaultHistory = {
    carried,
    ...expectationsOf(subject, outages.count > 0),
    last: LAST,
    sessions: clients,
    publishes: clients.flatMap(({ publishes }) => publishes),
  };
  const verdict = judgeFaults(history);
  const count = (outcome: string): number => history.publishes.filter((one) => one.outcome === outcome).length;
  return {
    subject,
    seed,
    plan,
    messages: carried.length,
    ...verdict,
    accepted: count("accepted"),
    refused: count("refused"),
    unknown: count("unknown"),
    faults: [...complaints, ...clients.flatMap(({ faults }) => faults), ...verdict.faults],
  };
}

/** For people, and to run it again. */
export function nameOf({ server, fault }: FaultSubject): string {
  return `${server}, ${fault}`;
}

const LAST = "bob last";

/** What this server has to give when this happens to it. */
function expectationsOf(
  { server, fault }: FaultSubject,
  wasCut: boolean,
): Pick<FaultHistory, "isWitnessCut" | "order" | "isLossless" | "mustNotice"> {
  const { history, lastingHistory } = SERVERS[server].gives;
  const isKept = fault === "kill" ? lastingHistory : history;
  const isLossless = fault !== "netsplit" && (!wasCut || isKept);
  return {
    // An archive is not cut.
    isWitnessCut: fault === "kill" && !lastingHistory,
    order: fault === "netsplit" ? "speaker" : "channel",
    isLossless,
    mustNotice: !isLossless,
  };
}

/** On a machine with other work, a server can seem dead that is only slow; so what happened counts, not what was planned. */
function countOutages(network: Network): { readonly count: number } {
  const outages = { count: 0 };
  const start = network.start.bind(network);
  network.start = (inbox) => {
    const down = inbox.down.bind(inbox);
    inbox.down = (reason) => {
      outages.count += 1;
      down(reason);
    };
    start(inbox);
  };
  return outages;
}

/** Numbered messages: of one who speaks on the network, and of browsers, who do not wait for answers. */
class Traffic {
  readonly #clients: readonly FaultClient[];
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #lastAccepted = new Map<FaultClient, number>();
  readonly #pending = new Set<Promise<void>>();

  constructor(outsiders: Outsiders, clients: readonly FaultClient[]) {
    this.#clients = clients;
    let said = 0;
    const say = (): void => outsiders.say(`bob ${++said}`);
    const publish = (): void => {
      for (const client of clients) this.#publish(client);
    };
    this.#timers = [setInterval(say, SAY_EVERY_MS), setInterval(publish, PUBLISH_EVERY_MS)];
  }

  /** Goes on until publishes are accepted again, and all are answered. @returns what did not come about */
  async end(): Promise<string[]> {
    const healedMs = performance.now();
    const complaints: string[] = [];
    const isBack = (): boolean => this.#clients.every((client) => (this.#lastAccepted.get(client) ?? 0) > healedMs);
    while (!isBack() && performance.now() < healedMs + RECOVERY_MS) await pause(20);
    if (!isBack()) complaints.push(`no publish was accepted within ${RECOVERY_MS} ms of the fault's end`);
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#pending);
    return complaints;
  }

  #publish(client: FaultClient): void {
    if (client.pending >= MAX_PENDING) return;
    const sentMs = performance.now();
    const published = client.publish().then((outcome) => {
      this.#pending.delete(published);
      if (outcome === "accepted") this.#lastAccepted.set(client, sentMs);
    });
    this.#pending.add(published);
  }
}
