/** What HaloD and its members say to each other: the JSON in the link's `control` frames. */
import { z } from "zod";
import type { Cluster } from "./cluster.ts";
import { livePictureShape } from "./live-picture.ts";
import { reportShape } from "./reports.ts";
import { ballotShape, fromHalodShapes, fromVoterShapes, peerShape } from "./vote-messages.ts";

/** host:port; a name has up to 253 characters. */
const MAX_ADDRESS = 300;
/** A table of the most bridges, with the longest names, is shorter than a control frame may be. */
export const MAX_BRIDGES = 2_048;

const epoch = z.number().int().min(0);
const node = z.number().int().min(1);
const address = z
  .string()
  .min(1)
  .max(MAX_ADDRESS)
  .regex(/^[!#-[\]-~]+$/, "must be host:port");
/** A character of an instance is a byte in JSON. */
const INSTANCE = /^[A-Za-z0-9._:-]{1,64}$/;
const instance = z.string().regex(INSTANCE);
const time = z.number();

const requestShape = z.discriminatedUnion("type", [
  /**
   * A bridge says where dispatchers reach it; a dispatcher has no address. `epoch`: of the table that it has, or 0.
   * `promised`: the ballot, where it has promised one.
   */
  z.object({ type: z.literal("register"), address: address.optional(), epoch, promised: ballotShape.optional() }),
  /** A bridge goes: its routes go to others when these have prepared. Answered with `left` when everybody was told. */
  z.object({ type: z.literal("leave") }),
  /** A bridge is ready for what the plan of this epoch would give it. */
  z.object({ type: z.literal("prepared"), epoch }),
  /** Answered with `status`. */
  z.object({ type: z.literal("status") }),
  /** How busy a member is. */
  reportShape,
  /** Answered with a `picture`, and each newer one, until it is off. */
  z.object({ type: z.literal("watch"), isOn: z.boolean() }),
  /** A bridge without a number of its own wants one: any, or the one that it had. Answered with `number`. */
  z.object({ type: z.literal("number"), instance, node: z.number().int().min(0) }),
  ...fromVoterShapes,
  /** From the other HaloD. */
  ...fromHalodShapes,
  peerShape,
]);

const clusterShape = z.object({
  epoch: node,
  owners: z.array(z.number().int().min(0)),
  nodes: z
    .array(z.object({ node, address, instance, state: z.enum(["active", "spare"]), sinceMs: time }))
    .max(MAX_BRIDGES),
});

const statusShape = z.object({
  type: z.literal("status"),
  epoch,
  /** Whether there is a table. */
  isFormed: z.boolean(),
  /** When the table changed last; milliseconds since 1970, as all times here. */
  changedMs: time,
  routes: node,
  dispatchers: z.number().int().min(0),
  standing: z.object({
    /** `resting`: too few can be reached, and nothing moves. */
    role: z.enum(["acting", "standby", "resting"]),
    /** Of those who vote, so many can be reached. */
    reached: z.number().int().min(0),
    voters: z.number().int().min(0),
    term: z.number().int().min(0),
    /** Where the HaloD is that this one stands by for; "" where it does not say. */
    of: z.string().max(MAX_ADDRESS),
  }),
  nodes: z
    .array(
      z.object({
        node,
        address,
        instance,
        state: z.enum(["active", "spare", "lost"]),
        routes: z.number().int().min(0),
        sinceMs: time,
        /** Why its sessions could lose something if it died, in words; empty: nothing. Null where it owns no routes. */
        protection: z.string().nullable().optional(),
      }),
    )
    .max(MAX_BRIDGES),
});

const answerShape = z.discriminatedUnion("type", [
  z.object({ type: z.literal("cluster"), cluster: clusterShape }),
  /** The table that is to come; bridges answer with `prepared`. It may never come, or another in its place. */
  z.object({ type: z.literal("plan"), cluster: clusterShape }),
  z.object({ type: z.literal("left") }),
  /** The bridge's number, for as long as the link is there. */
  z.object({ type: z.literal("number"), node }),
  /** The answer to `number` where another HaloD acts. */
  z.object({ type: z.literal("standby") }),
  /** It may not register; `text` is for both operators. */
  z.object({ type: z.literal("refused"), text: z.string().max(2_000) }),
  statusShape,
  z.object({ type: z.literal("picture"), picture: livePictureShape }),
  ...fromHalodShapes,
]);

/** From a member, from whoever asks for the status, or from the other HaloD. */
export type ControlRequest = z.infer<typeof requestShape>;

/** From HaloD. */
export type ControlAnswer = z.infer<typeof answerShape>;

/** The whole cluster as HaloD sees it. */
export type ClusterStatus = z.infer<typeof statusShape>;

/** @returns null where it is none */
export function parseRequest(payload: Buffer): ControlRequest | null {
  return parse(requestShape, payload);
}

/** @returns null where it is none */
export function parseAnswer(payload: Buffer): ControlAnswer | null {
  return parse(answerShape, payload);
}

/** The payload of a frame. */
export function controlPayload(message: ControlRequest | ControlAnswer): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** The payload that tells everybody of a cluster. */
export function clusterPayload(cluster: Cluster): Buffer {
  return Buffer.from(JSON.stringify({ type: "cluster", cluster }));
}

/** The payload that tells a bridge of a cluster that is to come. */
export function planPayload(cluster: Cluster): Buffer {
  return Buffer.from(JSON.stringify({ type: "plan", cluster }));
}

/** Whether a table can carry what names a process. */
export function isInstance(name: string): boolean {
  return INSTANCE.test(name);
}

function parse<T>(shape: z.ZodType<T>, payload: Buffer): T | null {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString("utf8"));
  } catch {
    return null;
  }
  const result = shape.safeParse(value);
  return result.success ? result.data : null;
}
