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
  // Sessions do not move yet: those of a route that does begin anew, and miss what is said meanwhile.
  "join-2": [...MOVED, "reconnects"],
  "join-3": [...MOVED, "reconnects"],
  "join-4": [...MOVED, "reconnects"],
  leave: [...MOVED, "reconnects"],
  "rolling-restart": [...ALWAYS, "routes"],
  "kill-bridge": MOVED,
  "kill-with-spare": MOVED,
  "freeze-bridge": MOVED,
  "kill-halod": MOVED,
  "kill-dispatcher": UNDISTURBED,
  "drain-dispatcher": UNDISTURBED,
  "cut-link": [...UNDISTURBED, "reconnects", "others"],
  "restart-ircd": [...UNDISTURBED, "reconnects"],
};
