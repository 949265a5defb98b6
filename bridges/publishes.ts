import { createHash, randomUUID } from "node:crypto";
import { BayeuxError, isService, successReply } from "../bayeux/index.ts";
import type { Publish } from "../bayeux/index.ts";
import { toNetwork } from "./binary.ts";
import type { Calls } from "./calls.ts";
import type { Channels } from "./channel/channels.ts";
import type { Identities } from "./identity/identities.ts";
import type { PrivateChannels } from "./identity/private-channels.ts";
import { isUserChannel } from "./identity/user-channel.ts";
import type { Mapping } from "./mapping/mapping.ts";
import { isPresence } from "./presence/presence-channel.ts";
import type { Session } from "./session/session.ts";

/** 132 bits. */
const ORIGIN_LENGTH = 22;

/** What publishing needs. */
export interface PublishesOptions {
  readonly mapping: Mapping;
  readonly channels: Channels;
  readonly calls: Calls;
  readonly identities: Identities;
  readonly privates: PrivateChannels;
  readonly maxMessageBytes: number;
}

/** Bayeux §5.1 and §2.2.3: hands browsers' messages to the network, and knows which are not answered yet. */
export class Publishes {
  readonly #options: PublishesOptions;
  readonly #pending = new Map<Session, Set<Promise<void>>>();

  constructor(options: PublishesOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the reply when the network has taken the message, or an app has answered it.
   *
   * @throws BayeuxError
   */
  async serve(session: Session, request: Publish): Promise<string> {
    const { channel, data } = request;
    if (isPresence(channel)) throw new BayeuxError("forbidden", [channel]);
    this.#options.mapping.checkPublish(channel);
    this.#checkSize(data);
    if (isService(channel)) return this.#options.calls.serve(session, request);
    const { channels, identities, privates } = this.#options;
    const publication = {
      data: toNetwork(data, request.ext),
      from: session.name,
      originId: originOf(session, request),
    };
    const published = isUserChannel(channel)
      ? privates.tell(session, channel, publication)
      : channels.publish(channel, publication, (network) => identities.speaker(session, channel, network));
    this.#remember(session, published);
    await published;
    return successReply(request);
  }

  /** Whether something that the session has published is not answered yet. */
  isPending(session: Session): boolean {
    return this.#pending.has(session);
  }

  /** Resolves when everything that the session has published is answered. */
  async settled(session: Session): Promise<void> {
    await Promise.allSettled(this.#pending.get(session) ?? []);
  }

  #remember(session: Session, published: Promise<void>): void {
    const known = this.#pending.get(session) ?? new Set();
    this.#pending.set(session, known.add(published));
    const forget = () => {
      known.delete(published);
      if (known.size === 0) this.#pending.delete(session);
    };
    published.then(forget, forget);
  }

  #checkSize(data: unknown): void {
    const bytes = Buffer.byteLength(JSON.stringify(data));
    const { maxMessageBytes } = this.#options;
    if (bytes > maxMessageBytes)
      throw new BayeuxError(
        "tooLong",
        ["data", String(maxMessageBytes)],
        `Data of ${bytes} bytes; ${maxMessageBytes} are allowed`,
      );
  }
}

/** The same for the same publish, which a browser sends again when it heard no answer. */
function originOf(session: Session, { id }: Publish): string {
  return createHash("sha256")
    .update(`${session.clientId} ${id ?? randomUUID()}`)
    .digest("base64url")
    .slice(0, ORIGIN_LENGTH);
}
