import { expect, vi } from "vitest";
import type { Network, NetworkMessage } from "../../bridges/network.ts";
import { publication } from "./publication.ts";

/** A bridge's network, and what it told. */
interface Hearing {
  readonly network: Network;
  readonly inbox: { readonly messages: readonly NetworkMessage[] };
}

const WAIT = { timeout: 20_000, interval: 5 };

let probes = 0;

/** Speaks until all of them have the same id for something that was said since, and returns that. */
export async function agreed(channel: string, bridges: readonly [Hearing, ...Hearing[]]): Promise<string> {
  const asked = new Set<string>();
  return vi.waitFor(async () => {
    const probe = { probe: ++probes };
    asked.add(JSON.stringify(probe));
    // One that is away hears none of some, and all of later ones.
    await bridges[0].network.publish(channel, publication(probe));
    const [first, ...others] = bridges.map(({ inbox }) =>
      inbox.messages.filter(({ data }) => asked.has(JSON.stringify(data))).map(({ id }) => id),
    );
    const common = first?.findLast((id) => others.every((ids) => ids.includes(id)));
    if (common === undefined) throw new Error(`no common id for any of ${[...asked].join(", ")}`);
    return common;
  }, WAIT);
}

/** What each heard in a channel from one id to another, the ends included. */
export function between(
  channel: string,
  begin: string,
  end: string,
  bridges: readonly Hearing[],
): readonly (readonly NetworkMessage[])[] {
  return bridges.map(({ inbox }) => {
    const messages = inbox.messages.filter((message) => message.channel === channel);
    const [from, to] = [begin, end].map((id) => messages.findIndex((message) => message.id === id));
    if (from === undefined || to === undefined || from < 0 || to < from) throw new Error("an end is missing");
    return messages.slice(from, to + 1);
  });
}

/** The same messages with the same ids, in the same order where there is one. */
export function expectSame([first, ...others]: readonly (readonly NetworkMessage[])[], isOneOrder: boolean): void {
  const said = (messages: readonly NetworkMessage[] = []): readonly string[] => {
    const lines = messages.map(({ id, data }) => `${id} ${JSON.stringify(data)}`);
    return isOneOrder ? lines : lines.toSorted();
  };
  for (const other of others) expect(said(other)).toEqual(said(first));
}

/** No id is that of two messages, at one bridge or at two. */
export function expectOneMeaning(bridges: readonly Hearing[]): void {
  const meanings = new Map<string, string>();
  for (const { inbox } of bridges) {
    expect(new Set(inbox.messages.map(({ channel, id }) => `${channel} ${id}`)).size).toBe(inbox.messages.length);
    for (const { channel, id, data } of inbox.messages) {
      const json = JSON.stringify(data);
      const known = meanings.get(`${channel} ${id}`) ?? json;
      expect(json).toBe(known);
      meanings.set(`${channel} ${id}`, known);
    }
  }
}
