/** What HaloDs and those who vote say to each other about it, in `control` frames. */
import { z } from "zod";
import type { Electorate } from "./electorate.ts";
import type { SavedTable } from "./vote.ts";

const count = z.number().int().min(0);
const number = z.number().int().min(1);
const name = z.string().min(1).max(100);

const ballot = z.object({ term: number, by: name });
const version = z.object({ ballot, serial: number });
const electorate = z.object({ voters: z.array(name).max(4_096).readonly(), casting: name });

/** See `SavedTable`. */
export const tableShape = z.object({
  routes: number,
  epoch: count,
  changedMs: z.number(),
  active: z.array(number).max(2_048).readonly(),
  bridges: z
    .array(z.object({ node: number, address: z.string().max(300), instance: z.string().max(64), sinceMs: z.number() }))
    .max(2_048)
    .readonly(),
});

const wholeShape = z.object({ table: tableShape, electorate, before: electorate.nullable() });

/** So much is looked at when it is proposed: it is long, and of no use before it is in force. */
const proposedTable = z.custom<SavedTable>((value) => {
  const { routes, epoch, active, bridges } = Object(value);
  return Number.isSafeInteger(routes) && Number.isSafeInteger(epoch) && Array.isArray(active) && Array.isArray(bridges);
});
const proposedElectorate = z.custom<Electorate>((value) => {
  const { voters, casting } = Object(value);
  return Array.isArray(voters) && typeof casting === "string";
});

export const proposalShape = z.object({
  ...{ ballot, serial: number, table: proposedTable, electorate: proposedElectorate },
  before: proposedElectorate.nullable(),
});

/** What a voter remembers. */
export const voteShape = z.object({
  promised: ballot.nullable(),
  accepted: proposalShape.extend(wholeShape.shape).nullable(),
});

/** From a HaloD to those who vote; to the other HaloD, too. */
export const fromHalodShapes = [
  /** Will you accept nothing of a lower ballot? `has`: the newest state that the asker knows. */
  z.object({ type: z.literal("ask"), ballot, has: version.nullable() }),
  /** A state that is to take effect. */
  z.object({ type: z.literal("propose"), proposal: proposalShape }),
  /** The state of this version is in force; to those who have accepted it. */
  z.object({ type: z.literal("commit"), version }),
  /** The sender acts; when it has said nothing for so long, it may be taken for gone. */
  z.object({ type: z.literal("beat"), ballot, silenceMs: z.number().min(0) }),
] as const;

/** From whoever votes to a HaloD. */
export const fromVoterShapes = [
  /** Yes; with what has been accepted, where that is newer than what the asker has, and what is known to be in force. */
  z.object({
    type: z.literal("promise"),
    ballot,
    accepted: proposalShape.nullable(),
    inForce: version.nullable(),
  }),
  z.object({ type: z.literal("accepted"), version }),
  /** No: a higher ballot has been promised; or `isLinked`, another HaloD acts and can be reached. */
  z.object({ type: z.literal("declined"), promised: ballot.nullable(), isLinked: z.boolean() }),
] as const;

/** What two HaloDs tell of themselves, at first and when it changes. */
export const peerShape = z.object({
  type: z.literal("halod"),
  /** From its file. */
  id: z.string().regex(/^[\w-]{1,64}$/),
  isActing: z.boolean(),
  promised: ballot.nullable(),
});

/** The ballot that a member has promised, which it tells when it registers. */
export const ballotShape = ballot;

/** Whether the state in it, if there is one, can be gone on from. */
export function isSound(message: FromHalod | FromVoter): boolean {
  const proposal = message.type === "propose" ? message.proposal : message.type === "promise" ? message.accepted : null;
  return proposal === null || wholeShape.safeParse(proposal).success;
}

/** From a HaloD to those who vote. */
export type FromHalod = z.infer<(typeof fromHalodShapes)[number]>;

/** From those who vote to a HaloD. */
export type FromVoter = z.infer<(typeof fromVoterShapes)[number]>;

/** From one HaloD to the other. */
export type FromPeer = z.infer<typeof peerShape>;
