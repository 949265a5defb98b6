import type { Link } from "../../link/index.ts";
import type { Talker } from "../moves/talk.ts";
import type { Gathered } from "./heard.ts";
import type { Past } from "./past.ts";

/** A channel that is kept, or is to be. */
export interface Held {
  readonly name: string;
  readonly release: () => void;
  isJoined: boolean;
  /** It has just joined, and so knows by which mark ids are given there. */
  isNew: boolean;
  /** The log's newest number before that, or before we came back. */
  joinedSeq: number;
  /** A number for what we hear from now on; -1 while that is not all. */
  at: number;
  past: Past | null;
}

/** A bridge whose channels are kept: one life of its process. */
export interface Ward {
  readonly instance: string;
  readonly held: Map<string, Held>;
  readonly joined: Gathered<Held>;
  readonly unkept: Gathered<[name: string, reason: string]>;
  link: Link;
  talker: Talker | null;
  timer: NodeJS.Timeout | undefined;
}
