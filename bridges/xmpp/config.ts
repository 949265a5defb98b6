import { z } from "zod";

const milliseconds = z.number().int().positive();
const count = z.number().int().positive();
const bytes = z.number().int().positive();

/** How a bridge reaches its XMPP service: as a user (`jid`), or as an external component (XEP-0114). */
export const xmppSchema = z
  .strictObject({
    jid: z
      .string()
      .regex(/^[^@/\s]+@[^@/\s]+$/, "name@domain")
      .optional()
      .describe("address that the bridge logs in with, e.g. tailspin@example.org; several bridges may share one"),
    password: z.string().min(1).optional().describe("password of `jid`"),
    component: z
      .string()
      .regex(/^[^@/\s]+$/, "a domain")
      .optional()
      .describe("domain of an external component, instead of `jid`, e.g. tailspin.example.org; one for each bridge"),
    secret: z.string().min(1).optional().describe("secret of `component`"),
    domain: z.string().min(1).optional().describe("domain of the XMPP service; unset: that of `jid`"),
    host: z.string().min(1).optional().describe("name or address of the server; unset: `domain`"),
    port: z
      .number()
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe("TCP port; unset: 5222, 5223 with direct TLS, 5347 for a component"),
    mucService: z.string().min(1).optional().describe("where the rooms are; unset: `conference.` and `domain`"),
    tls: z
      .enum(["starttls", "direct", "none"])
      .default("starttls")
      .describe("how the connection is encrypted; the server's certificate is always checked; none: for loopback only"),
    caFile: z.string().min(1).optional().describe("PEM file of the authority that signed the server's certificate"),
    allowPlainWithoutTls: z
      .boolean()
      .default(false)
      .describe("send the password readable on an unencrypted connection, if the server knows nothing better"),
    nick: z
      .string()
      .regex(/^[A-Za-z][A-Za-z_-]{0,31}$/, "1 to 32 letters, no digits")
      .default("tailspin")
      .describe("first part of our nicks; the node's number follows; the same for all bridges of one service"),
    identity: z
      .enum(["shared", "puppet"])
      .default("shared")
      .describe(
        "who browsers are: all share the bridge's nick, or each that declares a name has its own; needs component",
      ),
    maxPuppets: count
      .default(100)
      .describe("users of their own at the same time; further browsers share the bridge's nick"),
    roomPassword: z.string().min(1).optional().describe("for rooms that ask for a password"),
    persistentRooms: z.boolean().default(true).describe("rooms that the bridge creates stay when everybody has left"),
    publicRooms: z.boolean().default(true).describe("rooms that the bridge creates are listed by the service"),
    anonymousRooms: z
      .boolean()
      .default(true)
      .describe("rooms that the bridge creates show people's addresses to moderators only"),
    archivedRooms: z.boolean().default(true).describe("rooms that the bridge creates keep what is said, for replay"),
    maxRoomNameLength: z
      .number()
      .int()
      .min(16)
      .max(1_023)
      .default(128)
      .describe("longer names of rooms are cut and end in a hash; the same for all bridges of one service"),
    connectTimeoutMs: milliseconds.default(15_000).describe("ms for connecting and logging in"),
    maxJoins: count.default(50).describe("joins that are under way; further ones wait until it is their turn"),
    joinTimeoutMs: milliseconds.default(10_000).describe("ms until a join that the server does not answer fails"),
    publishTimeoutMs: milliseconds.default(10_000).describe("ms until a message that does not come back fails"),
    requestTimeoutMs: milliseconds.default(10_000).describe("ms until a question that is not answered fails"),
    rejoinIntervalMs: milliseconds.default(60_000).describe("ms between tries to join again where we were thrown out"),
    selfPingIntervalMs: milliseconds
      .default(60_000)
      .describe("ms between the questions whether a room still knows us; asked only where nothing was heard"),
    pingIntervalMs: milliseconds.default(5_000).describe("ms between pings of the server"),
    deadAfterMs: milliseconds.default(15_000).describe("ms of silence after which a connection counts as lost"),
    reconnectMinMs: milliseconds.default(250).describe("ms; upper bound of the first random wait before reconnecting"),
    reconnectMaxMs: milliseconds.default(15_000).describe("ms; upper bound of every random wait before reconnecting"),
    maxStanzaBytes: bytes
      .default(250_000)
      .describe("bytes of one message as it is sent; servers cut the connection of a sender who passes their limit"),
    maxReceivedBytes: bytes.default(16 * 1024 * 1024).describe("bytes of one stanza that the server sends"),
    maxPending: count.default(4_000).describe("messages that were sent and have not come back yet"),
    maxPendingBytes: bytes.default(4 * 1024 * 1024).describe("bytes of such messages"),
    maxRequests: count.default(1_000).describe("questions to the server that are not answered yet"),
    historyPageSize: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .default(100)
      .describe("messages of one page of a room's archive"),
    maxHistoryPages: count.default(20).describe("pages that are read for one question"),
  })
  .superRefine((config, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (config.jid !== undefined && config.component !== undefined) refuse("component", "either this, or jid");
    if (config.jid !== undefined && config.password === undefined) refuse("password", "jid needs it");
    if (config.component !== undefined && config.secret === undefined) refuse("secret", "component needs it");
    if (config.identity === "puppet" && config.component === undefined) {
      refuse("identity", "puppet needs a component: one account cannot be several people");
    }
    if (config.component !== undefined && config.tls === "starttls") {
      refuse("tls", "components have no STARTTLS: choose direct, or none on loopback or a private network");
    }
  });

/** Settings of the XMPP network, with defaults filled in. */
export type XmppConfig = Readonly<z.infer<typeof xmppSchema>>;

/** Whom we log in as, and where. */
export type Account = {
  /** What the server calls itself. */
  readonly domain: string;
  readonly host: string;
  readonly port: number;
  readonly mucService: string;
} & (
  | { readonly type: "user"; readonly username: string; readonly password: string }
  | { readonly type: "component"; readonly component: string; readonly secret: string }
);

/**
 * Fills in what follows from the rest.
 *
 * @returns null when neither a user nor a component is configured: there is no XMPP network then
 */
export function accountOf(config: XmppConfig): Account | null {
  const { jid, password, component, secret, tls } = config;
  if (component !== undefined && secret !== undefined) {
    const domain = config.domain ?? component.replace(/^[^.]+\./, "");
    return { ...placeOf(config, domain, 5347), type: "component", component, secret };
  }
  if (jid === undefined || password === undefined) return null;
  const [username = "", jidDomain = ""] = jid.split("@");
  const domain = config.domain ?? jidDomain;
  return { ...placeOf(config, domain, tls === "direct" ? 5223 : 5222), type: "user", username, password };
}

function placeOf(config: XmppConfig, domain: string, defaultPort: number) {
  const { host = domain, port = defaultPort, mucService = `conference.${domain}` } = config;
  return { domain, host, port, mucService: mucService.toLowerCase() };
}
