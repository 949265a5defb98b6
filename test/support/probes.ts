import { setTimeout as after } from "node:timers/promises";
import { RawIrc } from "./raw-irc.ts";
import { RawXmpp } from "./raw-xmpp.ts";
import { XMPP_SERVICE } from "./xmpp-service.ts";

/**
 * Asks a server what it offers.
 * @throws Error while it does not answer
 */
export type Probe = (host: string, port: number) => Promise<readonly string[]>;

const ANSWER_MS = 15_000;
const RETRY_MS = 20;

/**
 * Waits until a server answers on this address.
 *
 * @param isAlive false ends the wait at once
 * @returns what it offers
 */
export async function waitForAnswer(
  probe: Probe,
  host: string,
  port: number,
  isAlive: () => boolean,
): Promise<readonly string[]> {
  const deadline = Date.now() + ANSWER_MS;
  let cause: unknown;
  while (Date.now() < deadline && isAlive()) {
    try {
      return await probe(host, port);
    } catch (error) {
      cause = error; // Not there yet: there is no event for it, so ask again.
      await after(RETRY_MS);
    }
  }
  throw new Error(`no server answered on ${host}:${port}${isAlive() ? "" : ": its process has ended"}`, { cause });
}

/** What an IRC server offers to `CAP LS 302`, without values. */
export async function askIrc(host: string, port: number): Promise<readonly string[]> {
  await using irc = await RawIrc.connect(host, port);
  irc.send("CAP LS 302");
  // A list over several lines has an asterisk before all but the last.
  await irc.waitFor(/ CAP \S+ LS :/i, 2_000);
  const lists = irc.lines.flatMap((line) => / CAP \S+ LS (?:\* )?:(.*)$/i.exec(line)?.[1] ?? []);
  return lists.flatMap((list) => list.trim().split(/\s+/)).map((capability) => capability.replace(/=.*/, ""));
}

/** What the rooms of an XMPP server offer: the features of disco#info, asked by the account of the bridges. */
export async function askXmpp(host: string, port: number): Promise<readonly string[]> {
  await using xmpp = await RawXmpp.login({ host, port }, XMPP_SERVICE.account);
  return await xmpp.features(XMPP_SERVICE.mucDomain);
}
