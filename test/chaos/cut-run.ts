import { setTimeout as after } from "node:timers/promises";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { CuttingProxy, type CutMoment } from "../support/cutting-proxy.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { seeded } from "../support/seeded.ts";
import type { WholeStack } from "../support/whole-stack.ts";
import { type Heard, judge } from "./cut-history.ts";
import { type StrictOptions, StrictClient } from "./strict-client.ts";

/** Who listens while its connections are cut, each through a proxy of its own. */
export type CutSubject =
  | ({ readonly client: "strict" } & StrictOptions)
  | { readonly client: "cometd"; readonly transport: "websocket" | "long-polling"; readonly isAck: boolean };

const TRANSPORTS = ["websocket", "long-polling", "cross-origin-long-polling", "callback-polling", "streaming"] as const;

/** Every transport with and without the ack extension; eventsource has none. And the stock client with it. */
export const CUT_SUBJECTS: readonly CutSubject[] = [
  ...TRANSPORTS.map((transport) => ({ client: "strict", transport, isAck: true }) as const),
  { client: "cometd", transport: "websocket", isAck: true },
  { client: "cometd", transport: "long-polling", isAck: true },
  ...TRANSPORTS.map((transport) => ({ client: "strict", transport, isAck: false }) as const),
  { client: "strict", transport: "eventsource", isAck: false },
];

/** One run: a seed, and how often the connections of each subject are cut. */
export interface CutPlan {
  readonly seed: string | number;
  readonly cuts: number;
  readonly subjects: readonly CutSubject[];
}

/** What came of one subject. */
export interface CutReport {
  readonly subject: string;
  readonly cuts: number;
  readonly moments: Readonly<Partial<Record<CutMoment, number>>>;
  readonly said: number;
  readonly heard: number;
  /** In flight when a connection broke, without the ack extension. */
  readonly lost: number;
  readonly faults: readonly string[];
}

interface Listener extends AsyncDisposable {
  readonly heard: readonly Heard[];
  /** What it has to say against the server, beside what it heard. */
  readonly faults: readonly string[];
}

const PAUSE_MS = 3;
/** Said when nothing is cut any more: all of it must arrive. */
const TAIL = 20;
/** For a run to make its cuts, beside what each of them takes. */
const GRACE_MS = 20_000;
const MS_PER_CUT = 400;
/** For what was said to arrive, when nothing is cut any more. */
const ARRIVE_MS = 15_000;

/** Cuts connections while numbered messages keep coming from IRC, and tells what each client saw of them. */
export async function runCuts(stack: WholeStack, { seed, cuts, subjects }: CutPlan): Promise<CutReport[]> {
  await using resources = new AsyncDisposableStack();
  const room = `cuts${Math.floor(seeded(`${seed} ${performance.now()}`)() * 1e9).toString(36)}`;
  const irc = resources.use(await RawIrc.login(stack.ircd, `s${room.slice(4)}`.slice(0, 9), `#${room}`));
  const open = async (subject: CutSubject) => {
    const random = seeded(`${seed} ${nameOf(subject)}`);
    const proxy = resources.use(await CuttingProxy.start(stack.dispatchers, random));
    return { subject, proxy, listener: resources.use(await openListener(subject, proxy, `/${room}`)) };
  };
  const all = await Promise.all(subjects.map(open));

  let said = 0;
  const say = async (): Promise<void> => {
    irc.say(`#${room}`, String(++said));
    await irc.taken();
    await after(PAUSE_MS);
  };
  let isCutting = true;
  const cutting = Promise.all(all.map(({ proxy }) => proxy.cut(cuts))).finally(() => (isCutting = false));
  const deadline = performance.now() + GRACE_MS + cuts * MS_PER_CUT;
  while (isCutting) {
    if (performance.now() > deadline) throw new Error(`seed ${seed}: the cuts were not made in time: ${left(all)}`);
    await say();
  }
  await cutting;
  for (let turn = 0; turn < TAIL; turn++) await say();
  const arrived = performance.now() + ARRIVE_MS;
  while (performance.now() < arrived && all.some(({ listener }) => listener.heard.at(-1)?.number !== said)) {
    await after(20);
  }
  return all.map(({ subject, proxy, listener }) => {
    const { heard } = listener;
    const verdict = judge({ said, heard, isAck: subject.isAck, cuts: proxy.cuts });
    const moments: Partial<Record<CutMoment, number>> = {};
    for (const { moment } of proxy.cuts) moments[moment] = (moments[moment] ?? 0) + 1;
    const faults = [...listener.faults, ...verdict.faults];
    return {
      subject: nameOf(subject),
      cuts: proxy.cuts.length,
      moments,
      said,
      heard: heard.length,
      lost: verdict.lost,
      faults,
    };
  });
}

/** For people, and for the seed of its proxy. */
export function nameOf({ client, transport, isAck }: CutSubject): string {
  return `${client}, ${transport}, ${isAck ? "ack" : "no ack"}`;
}

async function openListener(subject: CutSubject, proxy: CuttingProxy, channel: string): Promise<Listener> {
  if (subject.client === "strict") return StrictClient.open(proxy.port, channel, subject);
  const { transport, isAck } = subject;
  const client = await CometdClient.open(proxy.url, { transport, isAck, backoffMs: 20 });
  const messages = await client.subscribe(channel);
  return {
    get heard() {
      return textsOf(messages).map((text) => ({ number: Number(text), atMs: 0 }));
    },
    get faults() {
      return client.handshakes.length === 1 ? [] : [`${client.handshakes.length} handshakes`];
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

function left(all: readonly { readonly subject: CutSubject; readonly proxy: CuttingProxy }[]): string {
  return all.map(({ subject, proxy }) => `${nameOf(subject)}: ${proxy.cuts.length}`).join("; ");
}
