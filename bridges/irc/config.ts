import { z } from "zod";

const milliseconds = z.number().int().positive();
const bytes = z.number().int().positive();

const file = z.string().min(1).optional();
const oneWord = z.string().regex(/^[^\s:]\S*$/, "must have no spaces, and must not begin with a colon");
/** As IRC has it: no spaces, no commas, and 50 bytes at the very most anywhere. */
const channelKey = z.string().regex(/^[^\s,:][^\s,]{0,49}$/, "1 to 50 characters without spaces and commas");
const MAX_KEYS = 10_000;

const saslSchema = z
  .strictObject({
    mechanism: z
      .enum(["off", "plain", "external"])
      .default("off")
      .describe("how we log in to the network's account service: with account and password, or with certFile"),
    account: z.string().min(1).optional().describe("name of the account; needed for plain"),
    password: z.string().min(1).optional().describe("password of the account; needed for plain"),
  })
  .prefault({});

const settings = z.strictObject({
  host: z
    .string()
    .min(1)
    .optional()
    .describe("name or address of the IRC server; unset, and no XMPP: `up` starts the embedded one"),
  port: z.number().int().min(0).max(65_535).default(6667).describe("TCP port of the IRC server"),
  tls: z.boolean().default(false).describe("connect with TLS, and check the server's certificate"),
  caFile: file.describe(
    "PEM file of the authority that signed the server's certificate; unset: the system's; needs tls",
  ),
  fingerprint: z
    .string()
    .regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, "64 hexadecimal digits, in pairs with : between them or not")
    .optional()
    .describe(
      "SHA-256 fingerprint of the server's certificate; only that one is accepted, whoever signed it; needs tls",
    ),
  certFile: file.describe("PEM file of our certificate, for servers that ask for one and for SASL EXTERNAL; needs tls"),
  keyFile: file.describe("PEM file of the private key of certFile"),
  password: z
    .string()
    .regex(/^[^\r\n\0]+$/, "must be on one line")
    .optional()
    .describe("server password (PASS)"),
  sasl: saslSchema,
  identity: z
    .enum(["shared", "puppet"])
    .default("shared")
    .describe("who browsers are: all share the bridge's connections, or each that declares a name has its own"),
  maxPuppets: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe("users of their own at the same time; further browsers share the bridge's connections"),
  relayNames: z
    .boolean()
    .default(true)
    .describe("speak as alice/web instead of <alice>, where the server has RELAYMSG and lets us"),
  relaySuffix: z
    .string()
    .regex(/^[^\s\0:!@,*?]{1,16}$/, "1 to 16 characters without spaces and any of :!@,*?")
    .default("/web")
    .describe(
      "behind the names of browsers there; with one of the server's separators, / on Ergo; the same for all bridges",
    ),
  oper: z
    .strictObject({
      name: oneWord
        .optional()
        .describe("name for OPER, for what servers let only operators do: no flood limits, RELAYMSG"),
      password: oneWord.optional().describe("password for OPER"),
    })
    .prefault({}),
  webirc: z
    .strictObject({
      password: oneWord.optional().describe("password of the server's WEBIRC gateway block, for users of their own"),
    })
    .prefault({}),
  nick: z
    .string()
    .regex(/^[A-Za-z[\]\\`_^{|}][A-Za-z[\]\\`_^{|}-]{0,15}$/, "1 to 16 letters, no digits")
    .default("tailspin")
    .describe("first part of our nicks; the node's number follows; the same for all bridges on one network"),
  maxReceivers: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(8)
    .describe("most receiving connections; another is opened when the server allows no more channels on one"),
  senders: z.number().int().min(1).max(16).default(2).describe("number of sending connections"),
  registrationTimeoutMs: milliseconds.default(15_000).describe("ms for connecting and registering"),
  joinTimeoutMs: milliseconds.default(10_000).describe("ms until a join that the server does not answer fails"),
  markTimeoutMs: milliseconds
    .default(2_000)
    .describe("ms that a join waits until other bridges in the channel count with us, where messages have no ids"),
  publishTimeoutMs: milliseconds.default(10_000).describe("ms until a message that does not come back fails"),
  rejoinIntervalMs: milliseconds.default(60_000).describe("ms between tries to join again where we were thrown out"),
  refusedIntervalMs: milliseconds
    .default(60_000)
    .describe("ms between tries after the server refused who we are: wrong password, SASL failed, banned"),
  pingIntervalMs: milliseconds.default(5_000).describe("ms between PINGs"),
  deadAfterMs: milliseconds.default(15_000).describe("ms of silence after which a connection counts as lost"),
  reconnectMinMs: milliseconds.default(250).describe("ms; upper bound of the first random wait before reconnecting"),
  reconnectMaxMs: milliseconds.default(15_000).describe("ms; upper bound of every random wait before reconnecting"),
  chunkTimeoutMs: milliseconds.default(30_000).describe("ms between the first and last line of one long message"),
  maxMessageBytes: bytes.default(1_048_576).describe("bytes of JSON of one message, sent or put together again"),
  // ngIRCd ends the connection of every member for whom more than 32 KiB wait.
  maxInFlightBytes: bytes.default(24 * 1024).describe("bytes sent on one connection that have not come back yet"),
  maxQueuedBytes: bytes.default(4 * 1024 * 1024).describe("bytes of JSON that wait for one sending connection"),
  historyTimeoutMs: milliseconds.default(10_000).describe("ms until a request for a channel's old messages fails"),
  maxHistoryLines: z.number().int().positive().default(10_000).describe("old lines of one channel that are looked at"),
  maxHistoryRequests: z.number().int().positive().default(10_000).describe("requests for old messages that may wait"),
  historianIdleMs: milliseconds
    .default(30_000)
    .describe("ms that the connection which joins for old messages stays after the last request"),
  discoverTimeoutMs: milliseconds.default(30_000).describe("ms until a LIST of the channels that does not end fails"),
  keys: z
    .record(z.string().startsWith("/"), channelKey)
    .refine((keys) => Object.keys(keys).length <= MAX_KEYS, `at most ${MAX_KEYS} keys`)
    .optional()
    .meta({ secret: true })
    .describe("key (mode +k) of each channel that needs one, by the channel's name in Bayeux"),
});

/** How a bridge reaches its IRC network. */
export const ircSchema = settings.superRefine((irc, context) => {
  const refuse = (key: string, message: string): void =>
    context.addIssue({ code: "custom", path: key.split("."), message });
  if (!irc.tls) {
    for (const key of ["caFile", "fingerprint", "certFile"] as const) {
      if (irc[key] !== undefined) refuse(key, "is for connections with TLS; set irc.tls, or leave it out");
    }
  }
  if ((irc.certFile === undefined) !== (irc.keyFile === undefined)) {
    const missing = irc.certFile === undefined ? "certFile" : "keyFile";
    refuse(missing, "must be set: irc.certFile and irc.keyFile belong together");
  }
  if ((irc.oper.name === undefined) !== (irc.oper.password === undefined)) {
    const missing = irc.oper.name === undefined ? "name" : "password";
    refuse(`oper.${missing}`, "must be set: irc.oper.name and irc.oper.password belong together");
  }
  const { mechanism, account, password } = irc.sasl;
  if (mechanism === "plain") {
    if (account === undefined) refuse("sasl.account", "must be set for the mechanism plain");
    if (password === undefined) refuse("sasl.password", "must be set for the mechanism plain");
  }
  if (mechanism === "external" && irc.certFile === undefined)
    refuse("certFile", "must be set for the SASL mechanism external, which shows it");
  if (mechanism === "off" && (account !== undefined || password !== undefined))
    refuse("sasl.mechanism", "must be plain or external where irc.sasl has an account or a password");
});

/** Settings of the IRC network, with defaults filled in. */
export type IrcConfig = Readonly<z.infer<typeof ircSchema>>;
