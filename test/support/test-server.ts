import { setTimeout as after } from "node:timers/promises";
import { RawIrc } from "./raw-irc.ts";

/** A real IRC server under a test's control; its address stays the same over stop and start. */
export interface TestServer extends AsyncDisposable {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** What the server offered to `CAP LS 302`, without values. */
  readonly capabilities: readonly string[];
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
  /** Starts it again on the same port, and waits until it answers. */
  start(): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Stops it in its tracks: connections stay open, nothing answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

const ANSWER_MS = 15_000;
const RETRY_MS = 20;

/**
 * Waits until an IRC server answers on this address.
 *
 * @param isAlive false ends the wait at once
 * @returns the capabilities it offers, without values
 */
export async function waitForIrc(host: string, port: number, isAlive: () => boolean): Promise<string[]> {
  const deadline = Date.now() + ANSWER_MS;
  let cause: unknown;
  while (Date.now() < deadline && isAlive()) {
    try {
      return await askCapabilities(host, port);
    } catch (error) {
      cause = error; // Not there yet: there is no event for it, so ask again.
      await after(RETRY_MS);
    }
  }
  throw new Error(`no IRC server answered on ${host}:${port}${isAlive() ? "" : ": its process has ended"}`, { cause });
}

async function askCapabilities(host: string, port: number): Promise<string[]> {
  await using irc = await RawIrc.connect(host, port);
  irc.send("CAP LS 302");
  // A list over several lines has an asterisk before all but the last.
  await irc.waitFor(/ CAP \S+ LS :/i, 2_000);
  const lists = irc.lines.flatMap((line) => / CAP \S+ LS (?:\* )?:(.*)$/i.exec(line)?.[1] ?? []);
  return lists.flatMap((list) => list.trim().split(/\s+/)).map((capability) => capability.replace(/=.*/, ""));
}
