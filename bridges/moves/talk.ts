/** What two bridges say to each other when sessions move: the JSON in their link's `control` frames. */
import { z } from "zod";
import { type FaultCounter, type Frame, type Link, MAX_CONTROL_BYTES } from "../../link/index.ts";
import { positionShape } from "../session/snapshot.ts";

/** A part is at most three bytes a character, or two where JSON escapes it once more. */
const PART_LENGTH = 262_144;
/** Of what came in parts; what waits for one session is far less. */
const MAX_LENGTH = 67_108_864;

const epoch = z.number().int().min(0);
const route = z.number().int().min(1).max(65_535);
const routes = z.array(route).max(65_535);
const name = z.string().min(1);
const names = z.array(name);
const count = z.number().int().min(0);
/** A channel's messages, and the delivery id before the first of them. */
const past = z.object({
  channel: name,
  anchor: z.string().nullable(),
  rows: z.array(z.tuple([name, z.number(), z.string()]).readonly()).readonly(),
});

const shape = z.discriminatedUnion("type", [
  /** The new owner asks what channels the sessions on these routes need. Answered with `channels`. */
  z.object({ type: z.literal("prepare"), epoch, routes }),
  z.object({ type: z.literal("channels"), epoch, names: z.array(name) }),
  /** By the table of this epoch the routes are the asker's: it is sent their sessions, and a `route` for each. */
  z.object({ type: z.literal("take"), epoch, routes }),
  /** How far the log is in a channel; it is so for the sessions that follow. */
  z.object({ type: z.literal("position"), position: positionShape }),
  /** A session without its positions, and the channels whose positions are its own. */
  z.object({ type: z.literal("session"), session: z.record(z.string(), z.unknown()), channels: z.array(name) }),
  /** Those were all sessions of a route. Answered with `received`. */
  z.object({ type: z.literal("route"), route }),
  z.object({ type: z.literal("received"), route }),
  /** Channels that the asker wants kept, and those that it does not any more; `isAll`: it wants no others. */
  z.object({ type: z.literal("keep"), instance: name, isAll: z.boolean(), add: names, drop: names }),
  /** We are in these. `at` is a number of ours for this moment, `mark` says what ids we give there. Answered with `past`. */
  z.object({ type: z.literal("joined"), channels: z.array(z.tuple([name, count, z.string().nullable()])) }),
  /** Not kept, or no longer, and why. */
  z.object({ type: z.literal("unkept"), channels: z.array(z.tuple([name, z.string()])) }),
  /** What the asker has heard by then of channels that were joined. Answered with `kept`. */
  z.object({ type: z.literal("past"), pasts: z.array(z.tuple([count, past])) }),
  z.object({ type: z.literal("kept"), channels: z.array(z.tuple([name, count])) }),
  /** A new owner asks the keeper of a bridge that has died for what it has missed. Answered with `fetched`, one or several. */
  z.object({ type: z.literal("fetch"), instance: name, names }),
  z.object({ type: z.literal("fetched"), pasts: z.array(past), isLast: z.boolean() }),
  /** A piece of something that is too long for one frame. */
  z.object({ type: z.literal("part"), text: z.string(), isLast: z.boolean() }),
]);

/** All of it but the parts, which nobody sees. */
export type Talk = Exclude<z.infer<typeof shape>, { type: "part" }>;

/** The peer said what makes no sense; its link is to be closed. */
export class TalkError extends Error {
  override readonly name = "TalkError";
}

/** One side of such a link. */
export class Talker {
  readonly #link: Link;
  #parts: string[] = [];
  #length = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  send(message: Talk): void {
    const text = JSON.stringify(message);
    // A character is three bytes at most.
    if (text.length * 3 <= MAX_CONTROL_BYTES || Buffer.byteLength(text) <= MAX_CONTROL_BYTES) return this.#send(text);
    for (let at = 0; at < text.length; at += PART_LENGTH) {
      const part = text.slice(at, at + PART_LENGTH);
      this.#send(JSON.stringify({ type: "part", text: part, isLast: at + PART_LENGTH >= text.length }));
    }
  }

  /** @returns what was said; null where it is not whole yet. @throws TalkError */
  receive(payload: Buffer): Talk | null {
    const message = parse(payload.toString("utf8"));
    if (message.type !== "part") return message;
    this.#parts.push(message.text);
    this.#length += message.text.length;
    if (this.#length > MAX_LENGTH) throw new TalkError(`more than ${MAX_LENGTH} characters in one message`);
    if (!message.isLast) return null;
    const whole = parse(this.#parts.join(""));
    this.#parts = [];
    this.#length = 0;
    if (whole.type === "part") throw new TalkError("a part of a part");
    return whole;
  }

  /** Hands on what a frame says. Whoever says what makes no sense, or what `use` throws a TalkError for, loses the link. */
  hear(frame: Frame, faults: FaultCounter, use: (message: Talk) => void): void {
    if (frame.type !== "control") return;
    try {
      const message = this.receive(frame.payload);
      if (message) use(message);
    } catch (error) {
      if (!(error instanceof TalkError)) throw error;
      const detail = { bridge: this.#link.peer.name, reason: error.message };
      faults.count("bridge.talk", "link to a bridge closed, it said what makes no sense", detail);
      this.#link.close("the other bridge said what makes no sense");
    }
  }

  #send(text: string): void {
    this.#link.send({ type: "control", payload: Buffer.from(text) });
  }
}

function parse(text: string): z.infer<typeof shape> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TalkError("no JSON", { cause });
  }
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  throw new TalkError(
    `no message of this version: ${z.prettifyError(result.error).replaceAll("\n", " ").slice(0, 300)}`,
  );
}
