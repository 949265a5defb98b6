import type { Publication } from "./network.ts";

/**
 * Users of their own on a network: where the configuration says `identity: puppet`, a browser that declared a name is
 * somebody there, whom people see and can write to. What is said is still received by the network's shared connection.
 */
export interface Puppets {
  /** At most so many at the same time; whoever attaches them keeps to it. */
  readonly max: number;
  /** Makes a user, which connects and comes back by itself until it is released. Returns at once. */
  attach(user: PuppetUser, owner: PuppetOwner): Puppet;
}

/** Whom a puppet stands for. */
export interface PuppetUser {
  /** The declared name; the network makes of it what it allows. */
  readonly name: string;
  /** The browser's IP address, or null where it is not known. */
  readonly address: string | null;
}

/** Who hears what is said to a puppet alone. */
export interface PuppetOwner {
  told(message: PrivateMessage): void;
}

/** What somebody on the network says to one puppet. */
export interface PrivateMessage {
  readonly data: unknown;
  /** The sender's nick or JID, at which an answer arrives. */
  readonly from: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** Delivery id. */
  readonly id: string;
}

/** How people reach a puppet. */
export interface PuppetAddress {
  /** A nick, or a JID. */
  readonly nick: string;
  /** False: somebody else has what follows from its name, so it is called otherwise. */
  readonly isItsName: boolean;
}

/** One user on the network. */
export interface Puppet {
  /** Resolves when the network knows it. @throws NetworkError when it cannot be there */
  ready(): Promise<PuppetAddress>;
  /** People see it in the channel from then on, where the network lets it in. Never fails. */
  join(channel: string): void;
  leave(channel: string): void;
  /**
   * The same as `Network.publish`, said by this user: `from` is not told, since the nick tells it. Waits for a bounded time while
   * the user is not there yet; whatever it throws is final.
   * @throws NetworkError
   */
  publish(channel: string, publication: Publication): Promise<void>;
  /**
   * Says something to one person alone. Resolves when the server took it and named no error.
   * @param to a nick or JID
   * @throws NetworkError `refused` with the server's words, `unavailable` or `unknown`
   */
  tell(to: string, publication: Publication): Promise<void>;
  /** Takes the user away from the network. Nothing is called after that. */
  release(): void;
}
