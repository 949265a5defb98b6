import type { SERVERS } from "../contract/network/gives.ts";
import { makeIrcNetwork } from "../contract/network/irc-fixture.ts";
import { makeXmppNetwork } from "../contract/network/xmpp-fixture.ts";
import type { Network } from "../../bridges/index.ts";
import type { Gate } from "../support/gate.ts";
import { startLinkedInspircd } from "../support/linked-inspircd.ts";
import { between, pick, seeded } from "../support/seeded.ts";
import { IRC_SERVERS, XMPP_SERVERS } from "../support/servers.ts";
import type { TestServer } from "../support/test-server.ts";
import type { FaultTransport } from "./fault-client.ts";
import { IrcOutsiders, type Outsiders, waitUntil, XmppOutsiders } from "./outsiders.ts";

/** SIGKILL and a restart, SIGSTOP and SIGCONT, or the cut link between two servers. */
export type Fault = "kill" | "freeze" | "netsplit";
export type ServerName = keyof typeof SERVERS;

/** A server, and what happens to it. */
export interface FaultSubject {
  readonly server: ServerName;
  readonly fault: Fault;
}

const NAMES = ["ngircd", "inspircd", "embedded", "prosody", "ejabberd"] as const satisfies readonly ServerName[];

/** Each server with each of its faults. */
export const FAULT_SUBJECTS: readonly FaultSubject[] = NAMES.flatMap((server) => {
  const faults: readonly Fault[] = server === "inspircd" ? ["kill", "freeze", "netsplit"] : ["kill", "freeze"];
  return faults.map((fault) => ({ server, fault }));
});

/** What a bridge's network is set to, so that faults are noticed within a run. */
const TIMES = { pingIntervalMs: 300, deadAfterMs: 1_500, publishTimeoutMs: 3_000 };

/** Everything random about a run. */
export interface FaultPlan {
  readonly transports: readonly [FaultTransport, FaultTransport, FaultTransport];
  /** Of undisturbed traffic, before the fault. */
  readonly calmMs: number;
  /** How long the server is dead or frozen, or the link cut; where `isNoticed`, from then on. */
  readonly faultMs: number;
  /** It lasts until the bridge has given its connection up, however long that takes on a slow machine. */
  readonly isNoticed: boolean;
  /** After a restart people are there first, and speak, so long before the bridge finds the server. */
  readonly aloneMs: number;
}

const TRANSPORTS = ["websocket", "long-polling"] as const;

/** The same seed makes the same plan. */
export function planFault({ server, fault }: FaultSubject, seed: string | number): FaultPlan {
  const random = seeded(`${server} ${fault} ${seed}`);
  const isShort = fault === "freeze" && random() < 0.3;
  const transport = (): FaultTransport => pick(random, TRANSPORTS);
  return {
    transports: [transport(), transport(), transport()],
    calmMs: between(random, 150, 500),
    faultMs: faultMs(fault, isShort, random()),
    isNoticed: fault === "freeze" && !isShort,
    aloneMs: between(random, 0, 400),
  };
}

/** A short freeze ends before the bridge gives the connection up, a long one some time after. */
function faultMs(fault: Fault, isShort: boolean, part: number): number {
  if (fault === "kill") return 1_200 * part;
  if (fault === "netsplit") return 100 + 900 * part;
  return isShort ? 100 + 400 * part : 1_500 * part;
}

/** What a fault plays with. */
export interface FaultScene {
  /** The bridge's way to the server. */
  readonly gate: Gate;
  readonly outsiders: Outsiders;
  /** How often the bridge has lost its network. */
  readonly outages: { readonly count: number };
}

/** A server under test, for many runs. */
export interface FaultServer extends AsyncDisposable {
  readonly subject: FaultSubject;
  /** A network of a bridge. @param port where it finds the server */
  makeNetwork(port: number): Network;
  /** Where the bridge's gate leads. */
  readonly near: TestServer;
  /** People in a room. */
  enter(room: string): Promise<Outsiders>;
  /** Lets the fault happen, and ends it. */
  inflict(plan: FaultPlan, scene: FaultScene): Promise<void>;
}

/** Starts the server, or both of them. */
export async function startFaultServer(subject: FaultSubject): Promise<FaultServer> {
  const { server, fault } = subject;
  if (fault === "netsplit") return startSplit(subject);
  const isXmpp = server in XMPP_SERVERS;
  const start = { ...IRC_SERVERS, ...XMPP_SERVERS }[server];
  const near = await start();
  return {
    subject,
    near,
    makeNetwork: (port) =>
      isXmpp
        ? makeXmppNetwork({ ...placeOf(near), port }, 1, "user", TIMES)
        : makeIrcNetwork({ ...placeOf(near), port }, 1, TIMES),
    enter: (room) => (isXmpp ? XmppOutsiders.enter(room, near) : IrcOutsiders.enter(room, near)),
    inflict: fault === "kill" ? kill(near) : freeze(near),
    [Symbol.asyncDispose]: () => near[Symbol.asyncDispose](),
  };
}

function kill(near: TestServer): FaultServer["inflict"] {
  return async ({ faultMs: downMs, aloneMs }, { gate, outsiders }) => {
    await near.kill();
    gate.shut();
    await pause(downMs);
    await near.start();
    await outsiders.comeBack();
    await pause(aloneMs);
    gate.open();
  };
}

function freeze(near: TestServer): FaultServer["inflict"] {
  return async (plan, { outages }) => {
    const { count } = outages;
    await near.freeze();
    try {
      if (plan.isNoticed) await waitUntil(() => outages.count > count, "the bridge's notice of it");
      await pause(plan.faultMs);
    } finally {
      await near.thaw();
    }
  };
}

async function startSplit(subject: FaultSubject): Promise<FaultServer> {
  const { a, b, link, [Symbol.asyncDispose]: dispose } = await startLinkedInspircd();
  return {
    subject,
    near: a,
    makeNetwork: (port) => makeIrcNetwork({ ...placeOf(a), port }, 1, TIMES),
    enter: (room) => IrcOutsiders.enter(room, a, b),
    inflict: async (plan, { outsiders }) => {
      link.shut();
      await pause(plan.faultMs);
      link.open();
      await outsiders.isWhole();
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function placeOf({ host, otherPorts }: TestServer) {
  return { host, otherPorts };
}

/** For as long as the plan says: that is the fault itself. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
