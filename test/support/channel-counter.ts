import { RawIrc } from "./raw-irc.ts";
import { RawXmpp } from "./raw-xmpp.ts";
import type { TestServer } from "./test-server.ts";
import { childOf, childrenOf } from "./xml-stream.ts";
import { XMPP_SERVICE } from "./xmpp-service.ts";

/** Asks a server how many channels there are on it. */
export interface ChannelCounter extends AsyncDisposable {
  count(): Promise<number>;
}

/** Even where the server is busy with thousands of others. */
const STEP_MS = 60_000;

/** What an IRC server counts itself (LUSERS). */
export async function countOnIrc(server: TestServer): Promise<ChannelCounter> {
  const irc = await RawIrc.login(server, "counter");
  const count = async (): Promise<number> => {
    const from = irc.lines.length;
    irc.send("LUSERS");
    await irc.waitFor(/ 255 /, STEP_MS);
    // RFC 2812 §5.1: 254 is not sent where there is nothing to count.
    const told = irc.lines.slice(from).find((line) => / 254 /.test(line));
    return told === undefined ? 0 : Number(/ 254 \S+ (\d+)/.exec(told)?.[1]);
  };
  return { count, [Symbol.asyncDispose]: () => irc[Symbol.asyncDispose]() };
}

/** The rooms that an XMPP service lists. One that is not persistent is there for as long as somebody is in it. */
export async function countOnXmpp(server: TestServer): Promise<ChannelCounter> {
  const xmpp = await RawXmpp.login(server);
  const items = `<query xmlns="http://jabber.org/protocol/disco#items"/>`;
  const count = async (): Promise<number> => {
    const answer = await xmpp.ask("get", XMPP_SERVICE.mucDomain, items, STEP_MS);
    const query = childOf(answer, "query");
    return query === undefined ? 0 : childrenOf(query, "item").length;
  };
  return { count, [Symbol.asyncDispose]: () => xmpp[Symbol.asyncDispose]() };
}
