import type { Criterion } from "./criteria.ts";

/** What holds whatever happens. */
const ALWAYS = ["heard", "silence", "twice", "order", "truth"] as const satisfies readonly Criterion[];
/** Who is not on a route that moved notices nothing. */
const MOVED = [...ALWAYS, "routes", "others"] as const satisfies readonly Criterion[];
const UNDISTURBED = [...ALWAYS, "lost", "handshakes", "routes"] as const satisfies readonly Criterion[];

/**
 * What is expected of the stack as it is: a run fails where one of these is not met. Whoever makes more of them hold adds
 * them here. Pauses and the pace of a drain are never among them: they depend on what else the
 * machine does, and are told.
 */
export const EXPECTED: Readonly<Record<string, readonly Criterion[]>> = {
  calm: [...UNDISTURBED, "reconnects"],
  "join-2": [...MOVED, "lost", "handshakes", "reconnects"],
  "join-3": [...MOVED, "lost", "handshakes", "reconnects"],
  "join-4": [...MOVED, "lost", "handshakes", "reconnects"],
  leave: [...MOVED, "lost", "handshakes", "reconnects"],
  "rolling-restart": UNDISTURBED,
  // The others are in all the channels already. Where the network keeps no history, that decides.
  "kill-bridge": [...MOVED, "lost", "handshakes"],
  "freeze-bridge": [...MOVED, "lost", "handshakes"],
  "kill-halod": [...MOVED, "lost", "handshakes"],
  // A spare is in no channel, and nobody keeps for it what is said on ngIRCd until it is.
  "kill-with-spare": [...MOVED, "handshakes"],
  "kill-dispatcher": UNDISTURBED,
  "drain-dispatcher": UNDISTURBED,
  "cut-link": [...UNDISTURBED, "reconnects", "others"],
  "restart-ircd": [...UNDISTURBED, "reconnects"],
};
