import { z } from "zod";

const milliseconds = z.number().int().positive();
const bytes = z.number().int().positive();

/** How a bridge reaches its IRC network. */
export const ircSchema = z.strictObject({
  host: z.string().min(1).optional().describe("name or address of the IRC server; unset: `up` starts the embedded one"),
  port: z.number().int().min(0).max(65_535).default(6667).describe("TCP port of the IRC server"),
  tls: z.boolean().default(false).describe("connect with TLS, and check the server's certificate"),
  password: z.string().min(1).optional().describe("server password (PASS)"),
  nick: z
    .string()
    .regex(/^[A-Za-z[\]\\`_^{|}][A-Za-z[\]\\`_^{|}-]{0,15}$/, "1 to 16 letters, no digits")
    .default("tailspin")
    .describe("first part of our nicks; the node's number follows; the same for all bridges on one network"),
  senders: z.number().int().min(1).max(16).default(2).describe("number of sending connections"),
  registrationTimeoutMs: milliseconds.default(15_000).describe("ms for connecting and registering"),
  joinTimeoutMs: milliseconds.default(10_000).describe("ms until a join that the server does not answer fails"),
  publishTimeoutMs: milliseconds.default(10_000).describe("ms until a message that does not come back fails"),
  rejoinIntervalMs: milliseconds.default(60_000).describe("ms between tries to join again where we were thrown out"),
  pingIntervalMs: milliseconds.default(5_000).describe("ms between PINGs"),
  deadAfterMs: milliseconds.default(15_000).describe("ms of silence after which a connection counts as lost"),
  reconnectMinMs: milliseconds.default(250).describe("ms; upper bound of the first random wait before reconnecting"),
  reconnectMaxMs: milliseconds.default(15_000).describe("ms; upper bound of every random wait before reconnecting"),
  chunkTimeoutMs: milliseconds.default(30_000).describe("ms between the first and last line of one long message"),
  maxMessageBytes: bytes.default(1_048_576).describe("bytes of JSON of one message, sent or put together again"),
  maxInFlightBytes: bytes.default(48 * 1024).describe("bytes sent on one connection that have not come back yet"),
  maxQueuedBytes: bytes.default(4 * 1024 * 1024).describe("bytes of JSON that wait for one sending connection"),
  historyTimeoutMs: milliseconds.default(10_000).describe("ms until a request for a channel's old messages fails"),
  maxHistoryLines: z.number().int().positive().default(10_000).describe("old lines of one channel that are looked at"),
  maxHistoryRequests: z.number().int().positive().default(10_000).describe("requests for old messages that may wait"),
  historianIdleMs: milliseconds
    .default(30_000)
    .describe("ms that the connection which joins for old messages stays after the last request"),
  discoverTimeoutMs: milliseconds.default(30_000).describe("ms until a LIST of the channels that does not end fails"),
  maxDiscovered: z.number().int().positive().default(10_000).describe("channels that one LIST may bring"),
});

/** Settings of the IRC network, with defaults filled in. */
export type IrcConfig = Readonly<z.infer<typeof ircSchema>>;
