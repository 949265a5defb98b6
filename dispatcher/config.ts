import { z } from "zod";
import { addressSchema } from "../link/index.ts";
import { insideFaults, insideSchema } from "./inside/config.ts";

const whole = z.number().int();
const count = whole.min(1);
const milliseconds = whole.min(1).max(3_600_000);
const bytes = whole.min(1);
const KIB = 1_024;
const MIB = 1_024 * KIB;

const origin = z
  .string()
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text && text !== "null",
    "must be an origin, such as https://example.org, without a path or a slash at its end",
  );

const DEFAULT_BRIDGES = ["127.0.0.1:7070"] as const;

/** The settings of a dispatcher. */
export const dispatcherSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("address to listen on for browsers"),
  port: whole.min(0).max(65_535).default(8_080).describe("TCP port for browsers; 0 = any free port"),
  bridges: z
    .array(addressSchema)
    .min(1)
    .default([...DEFAULT_BRIDGES])
    .describe("host:port of every bridge, in the order of their node numbers; the same list on every dispatcher"),
  halod: z
    .array(addressSchema)
    .max(2)
    .default([])
    .describe(
      "host:port of HaloD, and of its standby, which tell the bridges instead of `dispatcher.bridges`; unset: that list",
    ),
  takeoverWaitMs: milliseconds
    .default(3_000)
    .describe("with HaloD, milliseconds that a request waits for a bridge to take over its session's route"),
  maxTakeoverBytes: bytes
    .default(64 * MIB)
    .describe("bytes of all requests that wait for that; more are answered at once, as when a bridge is away"),
  maxTicketBytes: bytes
    .default(256 * MIB)
    .describe(
      "with HaloD, bytes of all that is kept so that sessions survive the death of their bridge; the oldest is forgotten first",
    ),
  allowedOrigins: z
    .array(origin)
    .default([])
    .describe("origins beside our own that may use Bayeux, such as https://example.org"),
  httpVersionHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]*$/, "must be the name of a header")
    .default("")
    .describe(
      "header in which the balancer tells the browser's version of HTTP, and which it lets nobody else set; unset: HTTP/1.1",
    ),
  addressHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]*$/, "must be the name of a header")
    .default("")
    .describe(
      "header in which the balancer tells the browser's address, as the last one, such as X-Forwarded-For; unset: the connection's address",
    ),
  maxBodyBytes: bytes.default(MIB).describe("bytes of one HTTP body or one WebSocket message"),
  maxBatch: count.default(1_000).describe("messages in one array"),
  maxChannelLength: count.default(256).describe("characters of a channel or subscription"),
  maxSubscriptionsPerMessage: count.default(1_000).describe("subscriptions in one message"),
  maxHeaderBytes: whole
    .min(KIB)
    .default(16 * KIB)
    .describe("bytes of the headers of one HTTP request"),
  maxConnections: count.default(50_000).describe("TCP connections of browsers; more are closed at once"),
  maxRequestsPerConnection: count.default(32).describe("unanswered HTTP requests on one TCP connection"),
  headersTimeoutMs: milliseconds.default(10_000).describe("milliseconds for the headers of a request to arrive"),
  requestTimeoutMs: milliseconds.default(30_000).describe("milliseconds for a whole request to arrive"),
  keepAliveTimeoutMs: milliseconds
    .default(75_000)
    .describe("milliseconds that an idle HTTP connection stays open; longer than the load balancer's"),
  exchangeTimeoutMs: milliseconds
    .default(30_000)
    .describe("milliseconds that a bridge may take to answer or hold a request; and for an answer to leave"),
  maxSessionsPerSocket: count.default(8).describe("sessions that connect over one WebSocket"),
  maxRequestsPerSocket: count.default(256).describe("unanswered requests on one WebSocket; beyond, it is not read"),
  pingIntervalMs: milliseconds.default(30_000).describe("milliseconds between pings; a missed pong ends a WebSocket"),
  idleSocketMs: milliseconds.default(30_000).describe("milliseconds that a WebSocket may stay without a session"),
  coalesceMs: whole
    .min(0)
    .max(1_000)
    .default(5)
    .describe("milliseconds for which deliveries to a busy WebSocket or stream are gathered at most; 0 = never"),
  pauseBytes: whole
    .min(64 * KIB)
    .default(256 * KIB)
    .describe("unsent bytes of a WebSocket or stream from which its bridge stops delivering to it"),
  maxUnsentBytes: whole
    .min(64 * KIB)
    .default(4 * MIB)
    .describe("unsent bytes at which a WebSocket or stream is cut off"),
  heartbeatIntervalMs: milliseconds
    .default(20_000)
    .describe("milliseconds after which an idle stream shows that it is alive; a stalled one is cut off"),
  maxStreamBytes: whole.min(KIB).default(MIB).describe("bytes after which a stream ends and its browser opens another"),
  streamPaddingBytes: whole
    .min(0)
    .max(64 * KIB)
    .default(2 * KIB)
    .describe("bytes at the start of a stream for proxies that hold back the first ones; 0 = none"),
  drainPerSecond: count
    .default(1_000)
    .describe("WebSockets and streams closed within any second when the dispatcher stops, at most"),
  drainTimeoutMs: milliseconds
    .default(20_000)
    .describe("milliseconds after which the dispatcher stops anyway, and cuts off what is still open"),
  inside: insideSchema.prefault({}),
});

/** The settings of a dispatcher, complete. */
export type DispatcherConfig = Readonly<z.infer<typeof dispatcherSchema>>;

/** What is wrong between keys. */
export function dispatcherFaults(config: DispatcherConfig): { path: string[]; message: string }[] {
  const { halod, bridges, inside } = config;
  const faults = insideFaults(inside).map(({ path, message }) => ({ path: ["inside", ...path], message }));
  const isDefault = bridges.join() === DEFAULT_BRIDGES.join();
  if (halod.length > 0 && !isDefault)
    faults.push({
      path: ["bridges"],
      message: "must not be set together with dispatcher.halod: HaloD tells the bridges",
    });
  return faults;
}
