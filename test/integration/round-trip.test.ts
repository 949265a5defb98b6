import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Network } from "../../bridges/network.ts";
import { FIXTURES } from "../contract/network/fixtures.ts";
import { RecordingInbox } from "../contract/network/inbox.ts";
import { publication } from "../support/publication.ts";
import { randomChannels, randomPayloads } from "../support/random-payloads.ts";
import type { TestServer } from "../support/test-server.ts";

/** Together 1,500. */
const PAYLOADS = 1_200;
const NAMES = 300;
/** `TEST_SEED` repeats a run. */
const SEED = Number(process.env["TEST_SEED"] ?? 20_261_121);
/** Publishes that are not answered yet: few enough that the longest ones fit into a bridge's queue. */
const OUTSTANDING = 16;
const MOST_MS = 60_000;
const WAIT = { timeout: 30_000, interval: 10 };

const { embedded, ngircd, inspircd, prosody, ejabberd } = FIXTURES;

/** What one bridge says, the bridge of another node hears, whatever it is, and wherever. */
describe.each([embedded, ngircd, inspircd, prosody, ejabberd])("random values on $name", (fixture) => {
  let server: TestServer;
  let sender: { readonly network: Network; readonly inbox: RecordingInbox };
  let receiver: { readonly network: Network; readonly inbox: RecordingInbox };

  const start = async (node: number): Promise<typeof sender> => {
    const network = fixture.makeNetwork(server, node, { joinTimeoutMs: MOST_MS, publishTimeoutMs: MOST_MS });
    const inbox = new RecordingInbox();
    network.start(inbox);
    await inbox.isUp();
    return { network, inbox };
  };

  beforeAll(async () => {
    server = await fixture.startServer();
    sender = await start(1);
    receiver = await start(2);
  });
  afterAll(async () => {
    await sender?.network[Symbol.asyncDispose]();
    await receiver?.network[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  it(
    `carries ${PAYLOADS} payloads, each the same JSON text, in order (seed ${SEED})`,
    async () => {
      const channel = "/Round/trip";
      await Promise.all([sender.network.join(channel), receiver.network.join(channel)]);
      const payloads = randomPayloads(PAYLOADS, SEED);
      await eachOf(payloads, (data) => sender.network.publish(channel, publication(data, "alice")));
      await vi.waitFor(() => expect(receiver.inbox.messages).toHaveLength(PAYLOADS), WAIT);
      expectSame(
        receiver.inbox.json,
        payloads.map((data) => JSON.stringify(data)),
      );
      expectSame(sender.inbox.json, receiver.inbox.json);
      expect([receiver.inbox.gaps, receiver.inbox.downs, sender.inbox.gaps, sender.inbox.downs]).toEqual([
        [],
        [],
        [],
        [],
      ]);
    },
    MOST_MS,
  );

  it(
    `meets in ${NAMES} channels, and finds them by their names (seed ${SEED})`,
    async () => {
      const channels = randomChannels(NAMES, SEED);
      const before = receiver.inbox.messages.length;
      await eachOf(channels, (channel) => receiver.network.join(channel));
      await eachOf(channels, (channel) => sender.network.join(channel));
      await eachOf(channels, (channel) => sender.network.publish(channel, publication({ text: channel })));
      await vi.waitFor(() => expect(receiver.inbox.messages.length - before).toBe(NAMES), WAIT);
      // Between channels there is no order.
      const heard = receiver.inbox.messages.slice(before);
      for (const { channel, data } of heard) expect(data).toEqual({ text: channel });
      expect(heard.map(({ channel }) => channel).toSorted()).toEqual(channels.toSorted());
      const found = await receiver.network.discover(10 * NAMES);
      expect(found.filter((channel) => channel !== "/Round/trip").toSorted()).toEqual(channels.toSorted());
    },
    MOST_MS,
  );
});

/** Does something with each, a few at a time, and begins in their order. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let item = items[next++]; next <= items.length; item = items[next++]) await work(item as T);
  };
  await Promise.all(Array.from({ length: OUTSTANDING }, one));
}

/** As `toEqual`, but a failure shows the first that differs, and not megabytes. */
function expectSame(heard: readonly string[], said: readonly string[]): void {
  const at = said.findIndex((json, index) => heard[index] !== json);
  expect({ at, heard: heard[at]?.slice(0, 500), said: said[at]?.slice(0, 500) }).toEqual({ at: -1 });
  expect(heard).toHaveLength(said.length);
}
