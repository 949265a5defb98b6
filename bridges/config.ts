import { z } from "zod";
import { isChannel, isPattern } from "../bayeux/index.ts";
import { addressSchema } from "../link/index.ts";

const milliseconds = z.number().int().positive();
const count = z.number().int().positive();

const slowReaderRule = z.strictObject({
  channels: z.string().refine((name) => isChannel(name) || isPattern(name), "must be a channel or a pattern"),
  policy: z.enum(["disconnect", "drop-oldest", "conflate"]),
});

/**
 * The bridge's section of the configuration.
 *
 * cometd.js gives up on any request after 10 s, so what a browser waits for ends, with a clear answer, before that.
 */
export const bridgeSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("address where dispatchers connect; other than loopback needs `secret`"),
  port: z.number().int().min(0).max(65_535).default(7070).describe("port where dispatchers connect; 0 = any free port"),
  node: z
    .number()
    .int()
    .min(0)
    .default(1)
    .describe(
      "this bridge's place in the dispatchers' list of bridges, from 1; with HaloD any number that no other bridge has; 0 = HaloD gives one",
    ),
  nodes: count.default(1).describe("how many bridges there are"),
  halod: z
    .array(addressSchema)
    .max(2)
    .default([])
    .describe(
      "host:port of HaloD, and of its standby, which give this bridge its routes instead of `bridge.nodes`; unset: that number",
    ),
  advertise: addressSchema
    .or(z.literal(""))
    .default("")
    .describe(
      "with HaloD, host:port where dispatchers reach this bridge; unset: `bridge.host`, or this machine's name where that is every address, and the port",
    ),
  haloChannel: z
    .boolean()
    .optional()
    .describe(
      "whether browsers may subscribe to /halo, which shows the stack, see docs/halod.md; unset: only with `up`",
    ),
  connectTimeoutMs: milliseconds.default(30_000).describe("how long a connect is held, in milliseconds"),
  sessionTimeoutMs: milliseconds.default(60_000).describe("silence before a session is dropped, in milliseconds"),
  handoverMs: milliseconds
    .default(2_000)
    .describe(
      "with HaloD, how long the sessions of a route that moves may take from one bridge to the next, in milliseconds",
    ),
  keeper: z
    .boolean()
    .default(true)
    .describe(
      "with HaloD, whether another bridge stays in this one's channels too, so that nothing is lost when this one dies, see docs/halod.md",
    ),
  keeperWaitMs: milliseconds
    .default(1_000)
    .describe("with HaloD, how long a subscribe waits for the bridge that keeps this one's channels, in milliseconds"),
  maxHandoverBytes: count
    .default(16_777_216)
    .describe("with HaloD, bytes of requests that wait for sessions which are on their way to this process"),
  joinTimeoutMs: milliseconds
    .default(8_000)
    .describe("how long a subscribe waits for its network channel, in milliseconds"),
  startWaitMs: milliseconds
    .default(10_000)
    .describe("how long a start with one of several networks waits for the others, in milliseconds"),
  publishHoldMs: milliseconds
    .default(6_000)
    .describe("how long a publish waits for a network that is away, in milliseconds"),
  callTimeoutMs: milliseconds
    .default(8_500)
    .describe("how long a message to /service/ waits for an app's answer, in milliseconds"),
  leaveAfterMs: milliseconds
    .default(30_000)
    .describe("how long a channel stays joined after its last use, in milliseconds"),
  puppetLingerMs: milliseconds
    .default(30_000)
    .describe(
      "with `identity: puppet`, how long a browser's own user stays on the network after its last session, in milliseconds",
    ),
  coalesceMs: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(5)
    .describe("under load, how long messages for a poll are gathered, in milliseconds"),
  maxSessions: count.default(100_000).describe("sessions in this process"),
  maxSessionsPerBrowser: count.default(100).describe("sessions of one browser in this process, known by its cookie"),
  maxMessagesPerSecond: count.default(200).describe("messages per second of one session; connects do not count"),
  maxMessageBurst: count.default(1_000).describe("messages of one session that may come at once before that counts"),
  strictBinding: z
    .boolean()
    .default(false)
    .describe(
      "a session whose handshake carried a cookie needs it by every way, also over WebSockets, see docs/sessions.md",
    ),
  maxHeldPerBrowser: z
    .number()
    .int()
    .min(0)
    .default(1)
    .describe("polls that are held for the tabs of one browser over HTTP/1.1; 0 = any number"),
  multipleClientsIntervalMs: milliseconds
    .default(2_000)
    .describe("how long the polls of its other tabs wait between each other, in milliseconds"),
  maxSubscriptions: count.default(1_000).describe("subscriptions of one session"),
  maxChannels: count.default(20_000).describe("channels joined by this process"),
  discoveryIntervalMs: milliseconds
    .default(10_000)
    .describe(
      "while somebody is subscribed to a wildcard, how often the network is asked for its channels, in milliseconds",
    ),
  maxWildcardChannels: count.default(1_000).describe("channels that this process stays in because of wildcards"),
  maxDiscoveredChannels: count.default(50_000).describe("channels of a network that are looked at for wildcards"),
  maxMessageBytes: count.default(131_072).describe("bytes of one message's data, as JSON"),
  maxQueuedMessages: count
    .default(2_000)
    .describe("messages that wait for one session; a session that falls further behind is ended"),
  maxQueuedBytes: count.default(4_194_304).describe("bytes that wait for one session, likewise"),
  slowReaders: z
    .array(slowReaderRule)
    .default([])
    .describe(
      "what happens, by channel or pattern, to messages that wait for a session which falls further behind: disconnect (where nothing is said), drop-oldest, conflate; the first that matches counts",
    ),
  maxPendingPublishes: count.default(10_000).describe("publishes in flight or held, in this process"),
  resendWindowMs: milliseconds
    .default(30_000)
    .describe("how long a publish is recognised when its browser sends it again unanswered, in milliseconds"),
  maxUnheardPublishes: count.default(10_000).describe("publishes that are kept for that, in this process"),
  maxCalls: count.default(1_000).describe("messages to /service/ without an answer yet, in this process"),
  maxCallsPerSession: count.default(16).describe("messages to /service/ without an answer yet, of one session"),
  maxPresenceMembers: count
    .default(1_000)
    .describe("people and browsers that `/presence/` lists of one channel; the rest are only counted"),
  maxPresencePeers: count.default(100).describe("other bridges whose browsers `/presence/` lists of one channel"),
  gapFillTimeoutMs: milliseconds
    .default(5_000)
    .describe(
      "how long a channel's messages wait, after the network was away, until its history has filled the gap, in milliseconds",
    ),
  maxReplayMessages: count
    .default(1_000)
    .describe("messages of one channel that a replay brings, or that a gap is filled with"),
  maxHistoryRequests: count.default(16).describe("requests to networks for what they have kept, at the same time"),
  logMessages: count.default(10_000).describe("recent messages kept for replay"),
  logBytes: count.default(33_554_432).describe("bytes of recent messages kept for replay"),
});

/** See `bridgeSchema`. */
export type BridgeConfig = Readonly<z.infer<typeof bridgeSchema>>;

/** What is wrong between keys. */
export function bridgeFaults(config: BridgeConfig, routes: number): { path: string[]; message: string }[] {
  const { node, nodes, halod, advertise } = config;
  const faults: { path: string[]; message: string }[] = [];
  if (nodes > routes) faults.push({ path: ["nodes"], message: `must be at most routes, which is ${routes}` });
  if (halod.length > 0) {
    if (nodes !== 1)
      faults.push({ path: ["nodes"], message: "must not be set together with bridge.halod: HaloD counts the bridges" });
    if (node > routes) faults.push({ path: ["node"], message: `must be at most routes, which is ${routes}` });
  } else {
    if (node === 0)
      faults.push({
        path: ["node"],
        message: "must be from 1: only HaloD can give a number, and bridge.halod is unset",
      });
    if (node > nodes) faults.push({ path: ["node"], message: `must be at most bridge.nodes, which is ${nodes}` });
    if (advertise !== "")
      faults.push({ path: ["advertise"], message: "is for HaloD: set bridge.halod too, or leave it out" });
  }
  return faults;
}
