/**
 * Who is asked before a table takes effect, and how many of them have to agree.
 *
 * Any two quorums of one electorate share a voter that remembers. HaloDs remember in their files, all others for as long
 * as their processes live, so a process that was started again is another voter.
 */
import { createHash } from "node:crypto";

/** Short, since an electorate names thousands: 60 bits of a hash. */
const NAME_LENGTH = 10;
/** Dispatchers beyond these follow, and are not asked. */
export const MAX_VOTING_DISPATCHERS = 1_024;

/** The voters of one state, and who decides where exactly half of them agree. */
export interface Electorate {
  /** As `haloVoter`, `bridgeVoter` and `dispatcherVoter` name them, sorted. */
  readonly voters: readonly string[];
  /** A voter: the HaloD that is no standby. */
  readonly casting: string;
}

/** @param id from its file */
export function haloVoter(id: string): string {
  return `h ${id}`;
}

/** @param instance of its process */
export function bridgeVoter(node: number, instance: string): string {
  return `b${node} ${short(instance)}`;
}

/** @param instance of its process */
export function dispatcherVoter(instance: string): string {
  return `d ${short(instance)}`;
}

/** Each of them once. */
export function electorateOf(voters: Iterable<string>, casting: string): Electorate {
  return { voters: [...new Set([...voters, casting])].toSorted(), casting };
}

/**
 * Who is to have a say next: those voters, and the HaloDs. One that is away keeps its say until there is another.
 *
 * @param other the other HaloD, while it can be reached
 */
export function nextElectorate(
  before: Electorate | null,
  voters: readonly string[],
  { self, other, isStandby }: { readonly self: string; readonly other: string | null; readonly isStandby: boolean },
): Electorate {
  const known = before?.voters.find((voter) => voter.startsWith("h ") && voter !== self);
  const peer = other ?? known;
  const halods = peer === undefined ? [self] : [self, peer];
  return electorateOf([...voters, ...halods], isStandby ? (peer ?? self) : self);
}

/** Whether the same have a say in both. */
export function isSameElectorate(a: Electorate, b: Electorate): boolean {
  return (
    a.casting === b.casting &&
    a.voters.length === b.voters.length &&
    a.voters.every((voter, index) => voter === b.voters[index])
  );
}

/**
 * Whether those who agree may decide: more than half of the voters, or half of them with the casting vote.
 *
 * Where all HaloDs agree, whoever has the number of a bridge speaks for it, and a dispatcher for one that is not there:
 * that is a stack that was started again. It is safe, because every quorum has a HaloD in it.
 *
 * @param left voters that went on purpose: nobody is there to object
 */
export function isQuorum(
  { voters, casting }: Electorate,
  agreeing: ReadonlySet<string>,
  left: ReadonlySet<string> = new Set(),
): boolean {
  // Each accepts by itself, so this is asked a thousand times for a thousand of them.
  if ((agreeing.size + left.size) * 2 < voters.length) return false;
  const hasCasting = agreeing.has(casting);
  const own = voters.filter((voter) => agreeing.has(voter)).length;
  if (isMajority(own, voters.length, hasCasting)) return true;
  if (!voters.every((voter) => agreeing.has(voter) || !voter.startsWith("h "))) return false;
  return isMajority(reachedOf({ voters, casting }, agreeing, left), voters.length, hasCasting);
}

/** How many of the voters are there, or have somebody in their place. */
export function reachedOf(
  { voters }: Electorate,
  present: ReadonlySet<string>,
  left: ReadonlySet<string> = new Set(),
): number {
  const known = new Set(voters);
  const numbers = new Set([...present].filter(isBridge).map(seatOf));
  const missing = voters.filter((voter) => !present.has(voter) && !left.has(voter));
  const replaced = missing.filter((voter) => isBridge(voter) && numbers.has(seatOf(voter))).length;
  const empty = missing.filter(isDispatcher).length;
  const newcomers = [...present].filter((voter) => isDispatcher(voter) && !known.has(voter)).length;
  return voters.length - missing.length + replaced + Math.min(empty, newcomers);
}

function isMajority(count: number, of: number, hasCasting: boolean): boolean {
  return count * 2 > of || (count * 2 === of && hasCasting);
}

function isBridge(voter: string): boolean {
  return voter.startsWith("b");
}

function isDispatcher(voter: string): boolean {
  return voter.startsWith("d ");
}

function seatOf(voter: string): string {
  return voter.slice(0, voter.indexOf(" "));
}

function short(instance: string): string {
  return createHash("sha256").update(instance).digest("base64url").slice(0, NAME_LENGTH);
}
