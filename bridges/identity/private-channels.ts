import { BayeuxError, deliveryText } from "../../bayeux/index.ts";
import type { Broadcast } from "../broadcast.ts";
import { audienceOf } from "../channel/channel.ts";
import { asBayeuxError } from "../channel/channels.ts";
import type { Log } from "../log/log.ts";
import type { Network, Publication } from "../network.ts";
import type { PrivateMessage, PuppetAddress } from "../puppets.ts";
import type { Session } from "../session/session.ts";
import { within } from "../within.ts";
import type { Identities } from "./identities.ts";
import type { Identity } from "./identity.ts";
import { DISPATCH_CHANNEL, userChannel, userOf } from "./user-channel.ts";

/** What private channels need. */
export interface PrivateChannelsOptions {
  readonly identities: Identities;
  /** The network that a channel goes to. */
  readonly networkOf: (channel: string) => Network;
  readonly messages: Log;
  readonly broadcast: Broadcast;
  readonly now: () => number;
  readonly joinTimeoutMs: number;
  readonly publishHoldMs: number;
}

/**
 * `/user/<name>`: what people on the network say to one browser user alone, and the way to say something to one of them.
 *
 * A user hears what its own puppet is told, and nobody else's, whatever names others declare. Nothing of it is kept.
 */
export class PrivateChannels {
  readonly #options: PrivateChannelsOptions;

  constructor(options: PrivateChannelsOptions) {
    this.#options = options;
  }

  /**
   * Waits until it is known whether these are the session's own private channels.
   *
   * @throws BayeuxError that says why one is not, and which one would be
   */
  async check(session: Session, names: readonly string[], deadlineMs: number): Promise<void> {
    for (const name of names) {
      if (name === DISPATCH_CHANNEL) {
        if (session.name === null) throw new BayeuxError("forbidden", [name], NAMELESS);
        continue;
      }
      const identity = this.#identityOf(session, name);
      const address = await this.#addressOf(identity, name, deadlineMs - this.#options.now());
      const own = ownChannels(identity, address);
      if (!own.includes(name)) {
        const text = `This private channel is not yours - yours is ${own.join(" or ")}`;
        throw new BayeuxError("forbidden", [name], text);
      }
    }
  }

  /** After `check`. */
  subscribe(session: Session, name: string): void {
    if (name === DISPATCH_CHANNEL) return;
    const { identities, networkOf } = this.#options;
    const listeners = identities.of(session, networkOf(name))?.listeners;
    const sessions = listeners?.get(name) ?? new Set();
    listeners?.set(name, sessions.add(session));
  }

  unsubscribe(session: Session, name: string): void {
    if (name === DISPATCH_CHANNEL) return;
    const { identities, networkOf } = this.#options;
    const listeners = identities.of(session, networkOf(name))?.listeners;
    const sessions = listeners?.get(name);
    sessions?.delete(session);
    if (sessions?.size === 0) listeners?.delete(name);
  }

  /** Says something to one person on the network. @throws BayeuxError */
  async tell(session: Session, name: string, publication: Publication): Promise<void> {
    const identity = this.#identityOf(session, name);
    const told = identity.puppet.tell(userOf(name) ?? "", publication);
    try {
      await told;
    } catch (error) {
      throw asBayeuxError(error, name);
    }
  }

  /** Somebody says something to one of our users. */
  told(identity: Identity, message: PrivateMessage): void {
    const { messages, broadcast, networkOf } = this.#options;
    const { data, from, account, timeMs, id } = message;
    const provenance = { from, account, network: identity.network.name, time: new Date(timeMs).toISOString(), id };
    for (const [name, sessions] of identity.listeners) {
      if (networkOf(name) !== identity.network) continue;
      broadcast.send(audienceOf(sessions), messages.entry(name, id, deliveryText(name, data, provenance), timeMs));
    }
  }

  #identityOf(session: Session, name: string): Identity {
    const { identities, networkOf } = this.#options;
    if (userOf(name) === null) throw new BayeuxError("unknownChannel", [name]);
    const network = networkOf(name);
    const forbid = (text: string) => new BayeuxError("forbidden", [name], text);
    if (!network.puppets) {
      throw forbid(`All browsers share one identity on ${network.name}, so nobody has a private channel there`);
    }
    if (session.name === null) throw forbid("Only who has declared a name has a private channel");
    const identity = identities.of(session, network);
    if (identity === null) {
      throw forbid(`This server has as many users on ${network.name} as it may, so this session shares an identity`);
    }
    return identity;
  }

  async #addressOf({ puppet, network }: Identity, name: string, timeoutMs: number): Promise<PuppetAddress> {
    try {
      const late = `${network.name} has not let this user in in time`;
      return await within(puppet.ready(), Math.max(timeoutMs, 1), late);
    } catch (error) {
      throw asBayeuxError(error, name);
    }
  }
}

const NAMELESS = "Only who has declared a name can be told something by it";

/** By its name, unless somebody else is called so on the network; and by what it is called there. */
function ownChannels({ name }: Identity, { nick, isItsName }: PuppetAddress): readonly string[] {
  const names = isItsName ? [userChannel(name), userChannel(nick)] : [userChannel(nick)];
  return [...new Set(names)];
}
