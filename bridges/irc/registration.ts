import type { Client, ClientOptions, Message } from "irc-framework";
import type { IrcConfig } from "./config.ts";

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
}

const GATEWAY = "tailspin";
/** In use, collision, unavailable, or not allowed (too long, perhaps): the next one may do. */
const NICK_REFUSALS = new Set("432 433 436 437".split(" "));
const SASL_FAILURES = new Set("902 904 905 906".split(" "));
/** Wrong password, banned, about to be banned, no connections from here: the server's ERROR often says less. */
const REFUSALS = new Set("463 464 465 466".split(" "));

/** What happens on a connection until the server welcomes us. irc-framework negotiates; this decides what it leaves open. */
export class Registration {
  readonly #client: Client;
  readonly #parts: RegistrationParts;
  #nickIndex = 0;
  #isLoggedIn = false;
  #mechanisms = "";

  constructor(client: Client, parts: RegistrationParts) {
    this.#client = client;
    this.#parts = parts;
    // With it a server leaves out its own replay at a JOIN, so that whatever it sends of old is an answer.
    client.requestCap("draft/chathistory");
    // Before the library's own lines: servers take WEBIRC first or not at all.
    client.on("socket connected", () => this.#sendWebirc());
    client.on("sasl failed", ({ reason }) => {
      const why = reason === "capability_missing" ? "the server has no SASL" : "the server does not know the mechanism";
      this.#failSasl(why);
    });
  }

  onLine({ command, params }: Message): void {
    const words = params.at(-1) ?? "";
    if (NICK_REFUSALS.has(command)) this.#nextNick(words);
    else if (REFUSALS.has(command)) this.#parts.note(words, command);
    else if (command === "903") this.#isLoggedIn = true;
    else if (command === "908") this.#mechanisms = ` (it knows ${params[1] ?? "none"})`;
    else if (SASL_FAILURES.has(command)) this.#failSasl(`${words} (${command})${this.#mechanisms}`);
  }

  /** @returns false when it may not go on: we would be somebody without the account */
  onWelcome(): boolean {
    if (this.#parts.config.sasl.mechanism === "off" || this.#isLoggedIn) return true;
    this.#failSasl("the server welcomed us without it");
    return false;
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

/** What the library is told to log in with: an empty account, too, else the library takes the server's password for a SASL one. */
export function login({
  mechanism,
  account = "",
  password = "",
}: IrcConfig["sasl"]): Pick<ClientOptions, "account" | "sasl_mechanism"> {
  if (mechanism === "external") return { account: {}, sasl_mechanism: "EXTERNAL" };
  return { account: mechanism === "plain" ? { account, password } : {} };
}
