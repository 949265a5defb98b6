/**
 * Every error that a Bayeux reply may carry: name → [code, text]. On the wire: `code:args:text`.
 *
 * CometD and Faye disagree on 401 and 402, so clients go by the advice; we say 402 as CometD does.
 * The texts keep to the characters of Bayeux §2.1 `string`: faye.js shows no code of an error that does not.
 * @see bayeux/README.md "Errors"
 */
export const ERRORS = {
  badJson: [400, "The body is not JSON"],
  badShape: [400, "A message must be a JSON object"],
  badEncoding: [400, "The body is not valid UTF-8"],
  channelMissing: [400, "A message needs a channel"],
  badField: [400, "A field is missing or has the wrong form"],
  tooDeep: [400, "Data is nested too deeply"],
  mixedHandshake: [400, "Nothing else in the batch of a handshake is processed - send it after the handshake"],
  unsupportedVersion: [400, "The Bayeux version must be 1.0 or a later 1.x"],
  noCommonTransport: [400, "No connection type in common"],
  sessionUnknown: [402, "session_unknown"],
  forbidden: [403, "This channel does not allow that"],
  refusedByNetwork: [403, "The network refused"],
  wildcardUnavailable: [403, "No wildcards below /presence - subscribe to the presence of each channel by name"],
  badOrigin: [403, "This origin is not allowed"],
  unknownChannel: [404, "Nothing is at this channel"],
  badChannel: [405, "A channel is /segment/segment of A-Z a-z 0-9 - _ ! ~ ( ) $ @ and wildcards come last"],
  tooLong: [413, "Too long"],
  tooMany: [429, "Too many"],
  internal: [500, "The server failed"],
  callFailed: [500, "The app answered with an error"],
  unavailable: [503, "Unavailable now - try again"],
  unanswered: [504, "Nobody answered in time"],
  outcomeUnknown: [504, "Outcome unknown - the message was handed over and it cannot be known whether it arrived"],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorName = keyof typeof ERRORS;

/** A fault of the remote client, or one that it must be told of. Answered on the wire, never logged above `info`. */
export class BayeuxError extends Error {
  override readonly name = "BayeuxError";
  readonly which: ErrorName;
  readonly code: number;
  /** Names what was wrong: a field, a channel, a limit. Cut and cleaned on the wire. */
  readonly args: readonly string[];

  /** @param detail replaces the catalogue's text where there is something better to say, e.g. the server's own words */
  constructor(which: ErrorName, args: readonly string[] = [], detail?: string) {
    const [code, text] = ERRORS[which];
    super(detail ?? text);
    this.which = which;
    this.code = code;
    this.args = args;
  }

  /** The `error` field, `code:args:text`. Bayeux §3.14. */
  get field(): string {
    return `${this.code}:${this.args.map(cleanArgument).join(",")}:${this.message}`;
  }
}

/** Bayeux §3.14, `error_args`: the parts are told apart by colons and commas, so an argument keeps to a few characters. */
function cleanArgument(argument: string): string {
  return argument.slice(0, MAX_ARGUMENT_LENGTH).replace(/[^A-Za-z0-9\-_!~()$@ /*.]/g, "_");
}

/** An argument echoes input; a reply must not grow with it. */
const MAX_ARGUMENT_LENGTH = 256;
