import { startEjabberd, startEmbedded, startInspircd, startNgircd, startProsody } from "../../support/servers.ts";
import type { TestServer } from "../../support/test-server.ts";
import { BenchProcess } from "../child-process.ts";
import { measureCpu } from "../cpu.ts";
import type { FloodConfig, NetworkEndConfig, NetworkPlace } from "../load/protocol.ts";
import type { Plan } from "../plan.ts";
import { median, type Figure, type Findings, type Ratio } from "../report.ts";

/** A server to measure our network on, beside what it can do. */
interface Subject {
  readonly name: string;
  readonly kind: NetworkPlace["kind"];
  readonly start: () => Promise<TestServer>;
  /** What a bridge is sent there, bare sockets are sent too. */
  readonly capabilities: readonly string[];
  /** Messages of a flood that are not acknowledged yet, and how many are acknowledged at a time. */
  readonly window: number;
  readonly ackEvery: number;
  /** A new server for each round, and one long turn of each end in it. */
  readonly isFresh: boolean;
  /** Part of the server's own rate that ours has to reach. */
  readonly target: number;
}

const TAGS = ["message-tags", "server-time"] as const;
/** InspIRCd stalls where more than 64 KiB of one connection are unread. */
const NARROW = { window: 320, ackEvery: 8 } as const;
const WIDE = { window: 4_096, ackEvery: 512 } as const;
const IRC = { kind: "irc", isFresh: false, target: 0.5 } as const;
/** Every message costs the more, the longer the room's archive is: after some thousands in files, Prosody all but stops. */
const XMPP = { kind: "xmpp", isFresh: true, target: 0.8, capabilities: [], ...NARROW } as const;
const SUBJECTS: readonly Subject[] = [
  { ...IRC, name: "ngIRCd", start: startNgircd, capabilities: [], ...WIDE },
  { ...IRC, name: "InspIRCd", start: startInspircd, capabilities: TAGS, ...NARROW },
  { ...IRC, name: "embedded", start: startEmbedded, capabilities: TAGS, ...WIDE },
  { ...XMPP, name: "Prosody", start: startProsody },
  { ...XMPP, name: "ejabberd", start: startEjabberd },
];
/** Of those, the ones of `--quick`. */
const QUICK: ReadonlySet<string> = new Set(["ngIRCd", "InspIRCd"]);
/** Publishes without an answer; what is in flight on one connection stays below 48 KiB, as a bridge keeps it. */
const OUTSTANDING = 256;
const GRACE_MS = 30_000;
/**
 * Of one end, then of the other. What the neighbours do changes by the second: turns this short are alike for both, and
 * many of them have a median.
 */
const TURN_MS = 250;

/** One turn of one end. */
interface Sample {
  readonly perSecond: number;
  readonly messages: number;
  /** Of the end that is measured. */
  readonly cpuMs: number;
}

type By = "raw" | "tailspin";
type What = "receive" | "publish";
const WHATS = ["receive", "publish"] as const;
type Samples = Record<By, Sample[]>;

/** Our networks alone, without sessions: what they receive and get confirmed, beside bare sockets on the same server. */
export async function networks(plan: Plan): Promise<Findings> {
  const found: Findings[] = [];
  for (const subject of SUBJECTS) {
    if (!plan.isQuick || QUICK.has(subject.name)) found.push(await measure(subject, plan));
  }
  return { ratios: found.flatMap(({ ratios }) => ratios), figures: found.flatMap(({ figures }) => figures) };
}

async function measure(subject: Subject, plan: Plan): Promise<Findings> {
  const ratios: Ratio[] = [];
  const figures: Figure[] = [];
  const all: Record<What, Samples> = { receive: { raw: [], tailspin: [] }, publish: { raw: [], tailspin: [] } };
  if (!subject.isFresh) await sit(subject, WHATS, plan, all);
  else {
    const sittings = Array.from({ length: plan.rounds }, () => WHATS).flat();
    for (const what of sittings) await sit(subject, [what], { ...plan, rounds: 1 }, all);
  }
  for (const what of WHATS) {
    const samples = all[what];
    const title = `${subject.name}, ${what === "receive" ? "received" : "published and confirmed"}`;
    for (const by of ["raw", "tailspin"] as const) {
      const name = `${title}, ${by === "raw" ? "bare sockets" : "our network"}`;
      figures.push(
        { name, value: median(samples[by].map(({ perSecond }) => perSecond)), unit: "messages per second" },
        { name: "    CPU of this end", value: usPerMessage(samples[by]), unit: "µs per message" },
      );
    }
    const ratio = median(
      samples.tailspin.map(({ perSecond }, round) => perSecond / (samples.raw[round]?.perSecond ?? 0)),
    );
    ratios.push({ name: `${title}: our network / bare sockets`, ratio, target: subject.target, bound: "at least" });
  }
  return { ratios, figures };
}

/** Over all turns: a single one is too short for the operating system's steps of 10 ms. */
function usPerMessage(samples: readonly Sample[]): number {
  const sum = (of: (sample: Sample) => number): number => samples.reduce((total, sample) => total + of(sample), 0);
  return (1_000 * sum(({ cpuMs }) => cpuMs)) / sum(({ messages }) => messages);
}

/** Rounds with one server: both ends in turns, first until the code of both is compiled. */
async function sit(
  subject: Subject,
  whats: readonly What[],
  plan: Plan,
  samples: Readonly<Record<What, Samples>>,
): Promise<void> {
  plan.signal.throwIfAborted();
  plan.say(`Networks, ${subject.name}`);
  await using server = await subject.start();
  const { host, port } = server;
  const { kind, capabilities, window, ackEvery } = subject;
  const place: NetworkPlace = { kind, host, port, capabilities };
  const flooding: FloodConfig = { place, channels: ["raw", "ours"], ackEvery, window };
  await using flood = await BenchProcess.start("load/flood.ts", flooding, plan.signal);
  const end = (by: By, node: number, channel: string): Promise<BenchProcess> => {
    const config: NetworkEndConfig = { by, place, node, channel, ackEvery, acksTo: flood.port };
    return BenchProcess.start("load/network.ts", config, plan.signal);
  };
  await using rawEnd = await end("raw", 1, "raw");
  await using ourEnd = await end("tailspin", 2, "ours");

  const run = async (what: What, by: By, maxMs: number): Promise<Sample> => {
    const measured = by === "raw" ? rawEnd : ourEnd;
    const channel = by === "raw" ? "raw" : "ours";
    const { cpu, result } = await measureCpu({ end: measured.pid }, () =>
      what === "receive"
        ? flood.request({ type: "flood", channel, maxMs }, maxMs + GRACE_MS)
        : measured.request({ type: "confirm", outstanding: OUTSTANDING, maxMs }, maxMs + GRACE_MS),
    );
    if (result.type !== "flooded" && result.type !== "confirmed") throw new Error(`answered with "${result.type}"`);
    const { messages, elapsedMs } = result;
    return { perSecond: (1_000 * messages) / elapsedMs, messages, cpuMs: cpu["end"] ?? 0 };
  };

  const order: By[] = ["raw", "tailspin"];
  /** @param roundMs of each end */
  const round = async (what: What, roundMs: number): Promise<Samples> => {
    const turnMs = subject.isFresh ? roundMs : TURN_MS;
    const taken: Samples = { raw: [], tailspin: [] };
    for (let turns = Math.round(roundMs / turnMs); turns > 0; turns--) {
      for (const by of order) taken[by].push(await run(what, by, turnMs));
      order.reverse();
    }
    return taken;
  };
  for (const what of whats) {
    await round(what, subject.isFresh ? plan.warmUpMs / 4 : plan.warmUpMs);
    for (let number = 1; number <= plan.rounds; number++) {
      const taken = await round(what, plan.runMs / 2);
      for (const by of ["raw", "tailspin"] as const) {
        samples[what][by].push(...taken[by]);
        const [rate, us] = [median(taken[by].map(({ perSecond }) => perSecond)), usPerMessage(taken[by])];
        plan.say(`  ${what}, ${by}: ${rate.toFixed(0)} per second, ${us.toFixed(2)} µs of CPU each`);
      }
    }
  }
}
