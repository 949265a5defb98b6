/**
 * Why a link failed: code → whose fault it is and what it means.
 *
 * @see link/README.md "Errors"
 */
export const LINK_ERRORS = {
  malformed: "bytes that are not a frame of this protocol, or a hello that is not what it must be",
  tooLarge: "a frame longer than the limit",
  direction: "a frame that only the other side may send, or that has no place at this moment",
  version: "the two sides speak different versions of this protocol",
  secret: "the two sides do not hold the same secret",
  role: "the peer does not have the role that is expected here",
  routes: "the two sides count different numbers of routes",
  nodes: "the two sides count different numbers of nodes",
  node: "the peer is another node than the one that is expected at this address",
  limits: "the two sides allow frames of different length",
  timeout: "the hello took too long",
  busy: "too many connections that have not proved themselves yet",
  silent: "nothing was heard from the peer for too long",
  overflow: "more waits to be written than the hard bound allows",
  unreachable: "the connection could not be made, or broke",
  goodbye: "the peer ended the link on purpose, and said so",
  closed: "one side closed the link, for the reason that is told",
} as const;

export type LinkErrorCode = keyof typeof LINK_ERRORS;

/** A fault of the peer, of the path to it, or of what the two sides were configured to. It ends one link, never a process. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly code: LinkErrorCode;

  constructor(code: LinkErrorCode, text: string, options?: ErrorOptions) {
    super(text, options);
    this.code = code;
  }
}

/** @returns whether a name that came from a peer is one of the codes above */
export function isLinkErrorCode(code: string): code is LinkErrorCode {
  return Object.hasOwn(LINK_ERRORS, code);
}

const PEER_FAULTS: ReadonlySet<LinkErrorCode> = new Set(["malformed", "tooLarge", "direction", "silent", "overflow"]);

/** @returns whether a link that ended so did because of what the peer did, or did not do */
export function isPeerFault(code: LinkErrorCode): boolean {
  return PEER_FAULTS.has(code);
}
