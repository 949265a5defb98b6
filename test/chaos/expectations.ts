import type { Criterion } from "./criteria.ts";

/** What holds whatever happens. */
const ALWAYS = ["heard", "twice", "order", "truth"] as const satisfies readonly Criterion[];
const UNDISTURBED = [...ALWAYS, "lost", "handshakes", "routes"] as const satisfies readonly Criterion[];

/**
 * What is expected of the stack as it is: a run fails where one of these is not met. Whoever makes more of them hold adds
 * them here. Pauses are never among them: they depend on what else the machine does, and are told.
 */
export const EXPECTED: Readonly<Record<string, readonly Criterion[]>> = {
  calm: [...UNDISTURBED, "reconnects"],
  // Sessions do not move yet: those of a route that does begin anew, and miss what is said meanwhile.
  "join-2": [...ALWAYS, "routes", "reconnects"],
  "join-3": [...ALWAYS, "routes", "reconnects"],
  "join-4": [...ALWAYS, "routes", "reconnects"],
  leave: [...ALWAYS, "routes", "reconnects"],
  "rolling-restart": [...ALWAYS, "routes"],
  "kill-bridge": [...ALWAYS, "routes"],
  "kill-with-spare": [...ALWAYS, "routes"],
  "freeze-bridge": [...ALWAYS, "routes"],
  "kill-halod": [...ALWAYS, "routes"],
  "kill-dispatcher": UNDISTURBED,
  "cut-link": UNDISTURBED,
  "restart-ircd": UNDISTURBED,
};
