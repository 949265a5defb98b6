import type { DispatchFrame, FaultCounter, Outcome } from "../link/index.ts";
import { outcomesPayload, readDispatch } from "../link/index.ts";
import type { Broadcast } from "./broadcast.ts";
import { audienceOf } from "./channel/channel.ts";
import { DISPATCH_CHANNEL } from "./identity/user-channel.ts";
import type { Log } from "./log/log.ts";
import type { Downlink } from "./session/downlink.ts";
import type { Session } from "./session/session.ts";
import type { Users } from "./users.ts";

/** What dispatching to named users needs. */
export interface DispatchesOptions {
  readonly users: Users;
  readonly messages: Log;
  readonly broadcast: Broadcast;
  readonly now: () => number;
  readonly faults: FaultCounter;
}

/** Messages that apps have for named users: no channel of a network is involved, and nothing of them is kept. */
export class Dispatches {
  readonly #options: DispatchesOptions;

  constructor(options: DispatchesOptions) {
    this.#options = options;
  }

  /**
   * Gives a message to each listening session of its recipients, and answers what became of each.
   *
   * @param owns whether a route is this bridge's own
   */
  serve(downlink: Downlink<Session>, { connection, payload }: DispatchFrame, owns: (route: number) => boolean): void {
    const dispatch = readDispatch(payload);
    if (!dispatch) {
      this.#options.faults.count("bridge.badDispatch", "link closed, a dispatch on it made no sense");
      return downlink.link.close("a dispatch made no sense");
    }
    const { users, messages, broadcast, now } = this.#options;
    const { id, recipients, data } = dispatch;
    const own = recipients.filter(([, route]) => owns(route)).map(([user]) => user);
    const listeners = new Set(own.flatMap((user) => [...users.of(user)].filter(isListening)));
    if (listeners.size > 0) {
      const timeMs = now();
      const tailspin = { inside: true, time: new Date(timeMs).toISOString(), id };
      const text = JSON.stringify({ channel: DISPATCH_CHANNEL, data, ext: { tailspin } });
      broadcast.send(audienceOf(listeners), messages.entry(DISPATCH_CHANNEL, id, text, timeMs));
    }
    const outcomes = recipients.map(([user, route]): Outcome => {
      if (!owns(route)) return "refused";
      // After the message: whoever was too slow for it has ended meanwhile.
      if ([...users.of(user)].some((session) => listeners.has(session))) return "delivered";
      return users.of(user).size > 0 ? "unreachable" : "unknown";
    });
    downlink.send({ type: "answer", connection, isFinal: true, payload: outcomesPayload(outcomes) });
  }
}

function isListening({ subscriptions }: Session): boolean {
  return subscriptions.has(DISPATCH_CHANNEL);
}
