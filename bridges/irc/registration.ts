import type { Client, ClientOptions, Message } from "irc-framework";
import type { Logger } from "pino";
import type { IrcConfig } from "./config.ts";
import { foldAscii } from "./names.ts";
import { RELAY_CAPABILITY } from "./relay.ts";

/** Whose connection this is, for a server that trusts us to say it. */
export interface Visitor {
  /** As the server shows it; without spaces. */
  readonly hostname: string;
  /** IP address. */
  readonly address: string;
}

/** What registering needs. */
export interface RegistrationParts {
  readonly config: IrcConfig;
  readonly nicks: readonly string[];
  readonly visitor: Visitor | null;
  /** Ends the connection. */
  readonly fail: (reason: string, code: string) => void;
  /** The server will end it; this is why. */
  readonly note: (reason: string, code: string) => void;
  readonly log: Logger;
}

/** Our user name, and what WEBIRC calls us. */
const GATEWAY = "tailspin";
/** In use, collision, unavailable, or not allowed (too long, perhaps): the next one may do. */
const NICK_REFUSALS = new Set("432 433 436 437".split(" "));
const SASL_FAILURES = new Set("902 904 905 906".split(" "));
/** Wrong password, no such operator from here, too few parameters. */
const OPER_REFUSALS = new Set("464 491 461".split(" "));
const OPER_HINT = "check irc.oper, and that the server lets this operator come from the bridge's address";
/** Wrong password, banned, about to be banned, no connections from here: the server's ERROR often says less. */
const REFUSALS = new Set("463 464 465 466".split(" "));

/** What happens on a connection until the server welcomes us. irc-framework negotiates; this decides what it leaves open. */
export class Registration {
  readonly #client: Client;
  readonly #parts: RegistrationParts;
  #nickIndex = 0;
  #isLoggedIn = false;
  #mechanisms = "";
  #isOperAsked = false;

  constructor(client: Client, parts: RegistrationParts) {
    this.#client = client;
    this.#parts = parts;
    // With it a server leaves out its own replay at a JOIN, so that whatever it sends of old is an answer.
    client.requestCap("draft/chathistory");
    // Without it Ergo's history tells who came and went as if somebody had said it.
    client.requestCap("draft/event-playback");
    client.requestCap("draft/multiline");
    client.requestCap(RELAY_CAPABILITY);
    client.requestCap("labeled-response");
    // Before the library's own lines: servers take WEBIRC first or not at all.
    client.on("socket connected", () => this.#sendWebirc());
    client.on("sasl failed", ({ reason }) => {
      const why = reason === "capability_missing" ? "the server has no SASL" : "the server does not know the mechanism";
      this.#failSasl(why);
    });
  }

  onLine({ command, params }: Message): void {
    const words = params.at(-1) ?? "";
    if (this.#isOperAsked && this.#isOperAnswer(command, words)) return;
    if (NICK_REFUSALS.has(command)) this.#nextNick(words);
    else if (REFUSALS.has(command)) this.#parts.note(words, command);
    else if (command === "903") this.#isLoggedIn = true;
    else if (command === "908") this.#mechanisms = ` (it knows ${params[1] ?? "none"})`;
    else if (SASL_FAILURES.has(command)) this.#failSasl(`${words} (${command})${this.#mechanisms}`);
  }

  /** @returns false when it may not go on: we would be somebody without the account, or without a nick of our own */
  onWelcome(nick: string): boolean {
    const { nicks, fail } = this.#parts;
    const { sasl, oper } = this.#parts.config;
    if (sasl.mechanism !== "off" && !this.#isLoggedIn) {
      this.#failSasl("the server welcomed us without it");
      return false;
    }
    if (sasl.mechanism !== "off" && !nicks.some((ours) => foldAscii(ours) === foldAscii(nick))) {
      // All our connections would be one user, and nobody would know what came back from which.
      fail(`the server calls us ${nick}, after our account, and not ${nicks[0]}`, "ACCOUNT_NICK");
      return false;
    }
    if (oper.name !== undefined) {
      this.#client.raw(`OPER ${oper.name} ${oper.password}`);
      this.#isOperAsked = true;
    }
    return true;
  }

  /** We can do without: what only operators may is refused later, in words of its own. */
  #isOperAnswer(command: string, reason: string): boolean {
    const isRefused = OPER_REFUSALS.has(command);
    if (isRefused) this.#parts.log.warn({ reason, hint: OPER_HINT }, "OPER refused by the server");
    if (isRefused || command === "381") this.#isOperAsked = false;
    return isRefused;
  }

  #nextNick(words: string): void {
    this.#nickIndex += 1;
    const nick = this.#parts.nicks[this.#nickIndex];
    if (nick === undefined) this.#parts.fail(`no nick is free or allowed: ${words}`, "NICK");
    else this.#client.raw(`NICK ${nick}`);
  }

  #failSasl(why: string): void {
    this.#parts.fail(`SASL ${this.#parts.config.sasl.mechanism} failed: ${why}`, "SASL");
  }

  #sendWebirc(): void {
    const { config, visitor } = this.#parts;
    if (visitor === null || config.webirc.password === undefined) return;
    const { hostname, address } = visitor;
    if ([hostname, address].some((word) => !/^[^\s\0]+$/.test(word))) {
      this.#parts.fail("the visitor's address cannot be told to the server", "WEBIRC");
      return;
    }
    // A leading colon would begin the last parameter: ::1 is told as 0::1.
    const [safeHost, safeAddress] = [hostname, address].map((word) => (word.startsWith(":") ? `0${word}` : word));
    this.#client.raw(`WEBIRC ${config.webirc.password} ${GATEWAY} ${safeHost} ${safeAddress}`);
  }
}

/** What the library is told of us. */
export function clientOptions(
  config: IrcConfig & { readonly host: string },
  nick: string,
  realName: string,
  user: string = GATEWAY,
): Omit<ClientOptions, "transport"> {
  return {
    host: config.host,
    port: config.port,
    nick,
    username: user,
    gecos: realName,
    ...(config.password === undefined ? {} : { password: config.password }),
    ...login(config.sasl),
    version: "",
    auto_reconnect: false, // It gives up after a first refused connection.
    ping_interval: 0,
    ping_timeout: 0,
  };
}

/** What the library is told to log in with: an empty account, too, else the library takes the server's password for a SASL one. */
function login({
  mechanism,
  account = "",
  password = "",
}: IrcConfig["sasl"]): Pick<ClientOptions, "account" | "sasl_mechanism"> {
  if (mechanism === "external") return { account: {}, sasl_mechanism: "EXTERNAL" };
  return { account: mechanism === "plain" ? { account, password } : {} };
}
