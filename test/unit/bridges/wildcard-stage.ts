import type { Message } from "./fakes.ts";
import { connect, dataOf, type Stage, subscribe } from "./stage.ts";

/** The limits that the tests of wildcards go by. */
export const WILDCARD_LIMITS = {
  maxWildcardChannels: 4,
  leaveAfterMs: 1_000,
  discoveryIntervalMs: 2_000,
  sessionTimeoutMs: 900_000,
};

/** What they ask of the stage of the test that runs. */
export function onStage(stage: () => Stage) {
  /** Subscribes; after a list, the next one is a moment away. @returns the reply */
  async function hear(id: string, names: string | string[], fields: Message = {}): Promise<Message | undefined> {
    const poll = stage().dispatcher.post(subscribe(id, names, fields));
    await stage().advance(250);
    return poll.messages[0];
  }
  return {
    hear,
    /** What waits for a session. */
    waiting: async (id: string) => dataOf(await stage().ask(connect(id, { advice: { timeout: 0 } }))),
    /** The channels that the bridge has asked its network to join. */
    joined: () => stage().network.joins.map(({ channel }) => channel),
    /** @returns the clientId of another page, which is subscribed to all of these */
    listener: async (...names: string[]): Promise<string> => {
      const id = await stage().session();
      await hear(id, names);
      return id;
    },
  };
}
