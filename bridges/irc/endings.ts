/** Why a connection ended, or did not come about. */
export interface Ending {
  /** In the server's words where it said something. */
  readonly reason: string;
  /** One of a fixed set, or null where nothing is known about it. */
  readonly kind: EndingKind | null;
  /** What the operator can do; null where the reason says all. */
  readonly hint: string | null;
  /** Asking again soon will not help, and annoys. */
  readonly isRefusal: boolean;
  /** It had been registered long enough to count as a good connection. */
  readonly wasStable: boolean;
}

/** What endings are told apart by. */
export type EndingKind = keyof typeof KINDS;

/** `isRefusal`: the server refused who we are, so that only the operator can change it. */
const KINDS = {
  password: { isRefusal: true, hint: "set irc.password to the server's password" },
  sasl: {
    isRefusal: true,
    hint: "check irc.sasl (mechanism, account, password or certFile), and that the account exists",
  },
  accountNick: {
    isRefusal: true,
    hint: "let several connections of one account have nicks of their own (Ergo: force-nick-equals-account: false), or do without irc.sasl",
  },
  banned: { isRefusal: true, hint: "ask the network's operators to lift the ban, or to exempt this address" },
  throttled: {
    isRefusal: true,
    hint: "the server limits how often or how many times an address may connect: exempt this one (we need irc.senders + the receivers + 1, and one for each puppet; with irc.webirc those count by their own addresses)",
  },
  nick: {
    isRefusal: false,
    hint: "set irc.nick to what the server allows; look for another bridge with this bridge.node",
  },
  flood: {
    isRefusal: false,
    hint: "lift the server's flood limits for this bridge (ngIRCd: MaxPenaltyTime = 0; InspIRCd: threshold, commandrate and recvq of its <connect> block)",
  },
  sendQueue: {
    isRefusal: false,
    hint: "we read too slowly for what the server sends: raise its send queue (InspIRCd: hardsendq), or use more bridges",
  },
  killed: { isRefusal: false, hint: "an operator or a service of the network ended this connection" },
  collision: {
    isRefusal: false,
    hint: "the same nick was on another server of the network; give each bridge its own bridge.node",
  },
  untrusted: {
    isRefusal: false,
    hint: "nobody that we trust signed the server's certificate: set irc.caFile to its authority, or irc.fingerprint to its SHA-256 fingerprint",
  },
  otherName: {
    isRefusal: false,
    hint: "the certificate is for another name than irc.host: use that name, or set irc.fingerprint",
  },
  expired: {
    isRefusal: false,
    hint: "the server's certificate is not valid now: have it renewed, or check the clocks",
  },
  fingerprint: {
    isRefusal: true,
    hint: "it is not irc.fingerprint: if the server's certificate was renewed, set the new one; else somebody may be in between",
  },
  noTls: {
    isRefusal: false,
    hint: "the server does not speak TLS on irc.port, or not a version that we do: try 6697, or irc.tls: false",
  },
  ourCertificate: {
    isRefusal: true,
    hint: "the server does not accept our certificate: check irc.certFile and irc.keyFile",
  },
  wordless: {
    isRefusal: false,
    hint: "the server, or something on the way to it, gave no reason: its log may, and check irc.port and irc.tls",
  },
  file: { isRefusal: false, hint: "mend the file, or the setting that names it" },
  unreachable: { isRefusal: false, hint: "check irc.host and irc.port, and that the server runs" },
} as const satisfies Record<string, { readonly isRefusal: boolean; readonly hint: string }>;

/** Numerics of the server, and codes of errors. */
const BY_CODE: Readonly<Record<string, EndingKind>> = {
  "464": "password",
  "465": "banned",
  "466": "banned",
  "463": "throttled",
  KILL: "killed",
  SASL: "sasl",
  NICK: "nick",
  ACCOUNT_NICK: "accountNick",
  FILE: "file",
  FINGERPRINT: "fingerprint",
  DEPTH_ZERO_SELF_SIGNED_CERT: "untrusted",
  SELF_SIGNED_CERT_IN_CHAIN: "untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "untrusted",
  CERT_UNTRUSTED: "untrusted",
  CERT_SIGNATURE_FAILURE: "untrusted",
  INVALID_CA: "untrusted",
  CERT_HAS_EXPIRED: "expired",
  CERT_NOT_YET_VALID: "expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "otherName",
  NO_TLS: "noTls",
  ERR_SSL_WRONG_VERSION_NUMBER: "noTls",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "noTls",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "noTls",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "noTls",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "ourCertificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "ourCertificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "ourCertificate",
  ECONNRESET: "wordless",
  EPIPE: "wordless",
  ECONNREFUSED: "unreachable",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ETIMEDOUT: "unreachable",
};

/** ERROR lines have no numbers, so their words are all there is; none of these decides more than a hint and a pause. */
const BY_WORDS: readonly (readonly [RegExp, EndingKind])[] = [
  [/nick\w* (?:collision|overruled)|overridden/i, "collision"],
  [
    /too many (?:connections|host|user|unknown|clones|local|global)|throttl|too fast|connection limit|no more connections/i,
    "throttled",
  ],
  [/password/i, "password"],
  [/\b[kgzdq][-: ]?lined?\b|banned|not authori[sz]ed|access denied|not permitted/i, "banned"],
  [/^the server closed the connection$/, "wordless"],
  [/sendq/i, "sendQueue"],
  [/flood|recvq|penalty|request too long|too long/i, "flood"],
  [/^killed\b|\(killed\b/i, "killed"],
];

/**
 * Says what an ending means.
 *
 * @param code of an error, a numeric of the server, or null
 */
export function explain(reason: string, code: string | null, wasStable: boolean): Ending {
  const kind = BY_CODE[code ?? ""] ?? BY_WORDS.find(([pattern]) => pattern.test(reason))?.[1] ?? null;
  if (kind === null) return { reason, kind, hint: null, isRefusal: false, wasStable };
  return { reason, kind, ...KINDS[kind], wasStable };
}
