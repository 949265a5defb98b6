import { IrcNetwork, ircSchema } from "../../bridges/irc/index.ts";
import { decodeName } from "../../bridges/irc/names.ts";
import { pino } from "pino";
import { RawIrc } from "./raw-irc.ts";

/** An IRC network that is asked for its channels on a connection of the test's own. */
export class ListingNetwork extends IrcNetwork {
  readonly #server: { readonly host: string; readonly port: number };
  #irc: Promise<RawIrc> | null = null;

  constructor(server: { readonly host: string; readonly port: number }) {
    let count = 0;
    const config = ircSchema.parse({ reconnectMinMs: 20, reconnectMaxMs: 100 });
    const log = pino({ level: "silent" });
    super(
      { ...config, host: server.host, port: server.port },
      { node: 1, log, now: Date.now, random: Math.random, newId: () => `1-${count++}` },
    );
    this.#server = server;
  }

  override async discover(): Promise<readonly string[]> {
    const irc = await (this.#irc ??= RawIrc.login(this.#server, "lister"));
    const before = irc.lines.length;
    irc.send("LIST");
    await irc.waitFor(/^\S+ 323 /);
    const names = irc.lines.slice(before).flatMap((line) => / 322 \S+ (\S+) /.exec(line)?.[1] ?? []);
    return names.flatMap((name) => decodeName(name) ?? []);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#irc)?.[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}
