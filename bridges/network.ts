import type { Puppets } from "./puppets.ts";

/**
 * What a foreign network (IRC, XMPP, …) is to a bridge. Channels are Bayeux channels on this side of the contract;
 * names of the network itself never leave its folder. `test/contract/` runs one suite over every implementation.
 */
export interface Network extends AsyncDisposable {
  /** As it appears in `ext.tailspin.network` of delivered messages, e.g. `"irc"`. */
  readonly name: string;
  /** Starts connecting, and reconnects by itself for ever. Returns at once: the inbox hears `up` and `down`. */
  start(inbox: NetworkInbox): void;
  /**
   * Resolves when the server confirmed that we are in the channel; joining a joined channel resolves at once.
   * After a reconnect the network joins again by itself whatever is joined.
   * @throws NetworkError `refused` with the server's words, or `unavailable`
   */
  join(channel: string): Promise<void>;
  /** Leaves; never fails: a channel that is not joined, or a network that is down, is fine. */
  leave(channel: string): Promise<void>;
  /**
   * Hands a message to a joined channel. Resolves when the server has taken it, which is known when it comes back to
   * us on the receiving side (and so after `inbox.message` was called with it).
   * @throws NetworkError `refused`, `unavailable` (nothing was sent), or `unknown` (sent, and its fate cannot be known)
   */
  publish(channel: string, publication: Publication): Promise<void>;
  /** Foreign people in a joined channel, without our own connections. */
  members(channel: string): readonly Member[];
  /**
   * What the network itself has kept of a joined channel. One that keeps nothing answers with an empty page that is not
   * contiguous.
   * @throws NetworkError `refused` or `unavailable`
   */
  history(channel: string, query: HistoryQuery): Promise<HistoryPage>;
  /**
   * Channels that exist on the network now and have Bayeux names here, without those that the server hides; in any order.
   * @param limit at most so many
   * @throws NetworkError `refused` or `unavailable`
   */
  discover(limit: number): Promise<readonly string[]>;
  /**
   * Says something in a joined channel to the other bridges in it, which people do not see. Never waits.
   * @returns false where the network cannot carry it, or it is away
   */
  announce(channel: string, text: string): boolean;
  /** What bridges on it have in common. Unset: every id means the same at all of them, at any time. */
  readonly agreement?: Agreement | undefined;
  /** Users of their own for browsers, where the configuration asks for that; else all share the bridge's connections. */
  readonly puppets?: Puppets | undefined;
}

/** Which old messages are wanted. */
export interface HistoryQuery {
  /** After the message with this delivery id, or from this time on (milliseconds since 1970); null: the newest ones. */
  readonly since: { readonly id: string; readonly timeMs?: number } | { readonly timeMs: number } | null;
  /** At most so many messages. */
  readonly limit: number;
}

/** Old messages, oldest first. */
export interface HistoryPage {
  readonly messages: readonly NetworkMessage[];
  /** Nothing is missing between the position asked for and the first message. */
  readonly isContiguous: boolean;
  /** More was said after the last one: ask again from there. */
  readonly hasMore: boolean;
}

/** A message on its way to the network. */
export interface Publication {
  /** Any JSON value. */
  readonly data: unknown;
  /** The name that the publisher declared, or null. */
  readonly from: string | null;
  /** Origin id: the same when the same publish is sent again; letters, digits, `-` and `_`. */
  readonly originId: string;
}

/** What a network tells its bridge. Calls come in the network's order, per channel. */
export interface NetworkInbox {
  message(message: NetworkMessage): void;
  presence(channel: string, change: PresenceChange): void;
  /**
   * Messages of this channel may have been missed between the last one and the next: we were away, or cannot read one.
   *
   * @param isLost the network's history does not have them either, though it may seem complete
   */
  gap(channel: string, reason: string, isLost?: boolean): void;
  /** Another bridge has said something with `announce`. `peer` names its connection, for as long as that is in the channel. */
  announcement(channel: string, peer: string, text: string): void;
  /** A bridge has come into a joined channel: it is new, or back, and knows nothing of what we announced. */
  peerJoined(channel: string, peer: string): void;
  /** The connection of another bridge has left the channel, or the network. */
  peerLeft(channel: string, peer: string): void;
  /** Connected, and joined again to what was joined. */
  up(): void;
  /** Connection lost, told once until the next `up`. */
  down(reason: string): void;
}

export interface NetworkMessage {
  readonly channel: string;
  readonly data: unknown;
  /** Declared name of a browser user, else the network's name (nick) of the sender. */
  readonly from: string;
  /** The account that the sender is logged in to, where the network tells it; never of a browser that speaks through a bridge. */
  readonly account?: string | undefined;
  /** The server's time where it tells it, else our clock; milliseconds since 1970. */
  readonly timeMs: number;
  /**
   * Delivery id: the same at all bridges that heard the message, and that of no other message of its channel. The network's
   * own (msgid, stanza-id); where it has none, the bridges on one server count from a common mark. Where that cannot be (before
   * the first mark, on different servers of a linked network, a mark that was refused), it means something at one bridge only.
   */
  readonly id: string;
}

/** How two bridges find out whether they give the messages of a joined channel the same ids. */
export interface Agreement {
  /** Resolves when we have heard all that the server has handled by now. @throws NetworkError */
  caughtUp(channel: string): Promise<void>;
  /** What names the ids that we give from now on; null: they are our own. */
  mark(channel: string): string | null;
  /** Whether a bridge that has told this mark gives the ids that we give, from now on. */
  agrees(channel: string, mark: string | null): boolean;
  /** True where bridges count messages, so that what one has heard before a mark may have another id elsewhere. */
  isCounted(channel: string): boolean;
}

/** Somebody in a channel. `id` is unique among the members of one network. */
export interface Member {
  readonly id: string;
  readonly name: string;
}

export type PresenceChange =
  | { readonly type: "joined"; readonly member: Member }
  | { readonly type: "left"; readonly member: Member }
  | { readonly type: "renamed"; readonly member: Member; readonly formerId: string; readonly formerName: string }
  /** The whole list anew (after a rejoin). */
  | { readonly type: "members"; readonly members: readonly Member[] };

/** A fault of the network or of the way to it. Never ends the process. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
  /** refused: the server said no. unavailable: nothing was done. unknown: it was sent, its fate cannot be known. */
  readonly kind: "refused" | "unavailable" | "unknown";

  constructor(kind: NetworkError["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
