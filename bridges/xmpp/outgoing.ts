import { xml } from "@xmpp/client";
import { NetworkError, type Publication } from "../network.ts";
import type { XmppConfig } from "./config.ts";
import type { Connection } from "./connection.ts";
import type { InFlight } from "./in-flight.ts";
import { encodePayload } from "./payload.ts";
import type { Room } from "./room.ts";

/** What sending needs. */
export interface OutgoingParts {
  readonly config: XmppConfig;
  readonly connection: Connection;
  readonly inFlight: InFlight;
  readonly now: () => number;
}

/** A stanza that is ready to leave. */
export interface Written {
  readonly id: string;
  readonly text: string;
  readonly bytes: number;
}

/** Makes publications stanzas, and sends them. */
export class Outgoing {
  readonly #parts: OutgoingParts;

  constructor(parts: OutgoingParts) {
    this.#parts = parts;
  }

  /**
   * Says something in a room that the speaker is in. Resolves when the room has shown it to us.
   *
   * @param speaker full JID of a puppet; the default is the connection's own
   * @throws NetworkError
   */
  async publish(room: Room, publication: Publication, speaker?: string): Promise<void> {
    const { connection, inFlight, config, now } = this.#parts;
    const { id, text, bytes } = this.write(room.jid, "groupchat", publication, speaker);
    const deadlineMs = now() + config.publishTimeoutMs;
    const { originId } = publication;
    const settled = inFlight.add(id, { room: room.jid, nick: room.nick, originId, bytes, deadlineMs });
    if (inFlight.has(id)) connection.sendText(text);
    await settled;
  }

  /** @throws NetworkError `refused` for what cannot be said on XMPP */
  write(to: string, type: "groupchat" | "chat", publication: Publication, speaker?: string): Written {
    const { connection, config } = this.#parts;
    const payload = encodePayload(publication);
    if (payload === null) throw new NetworkError("refused", "not JSON, or nested too deep");
    const id = connection.nextId();
    const text = connection.serialize(xml("message", { type, to, from: speaker, id }, ...payload));
    const bytes = Buffer.byteLength(text);
    const { maxStanzaBytes } = config;
    if (bytes > maxStanzaBytes) {
      throw new NetworkError("refused", `the message takes ${bytes} bytes on XMPP, and ${maxStanzaBytes} are allowed`);
    }
    return { id, text, bytes };
  }
}
