const PREFIX = "/presence";

/** @returns the channel that a presence channel is about, or null where it is none: `/presence/lobby` → `/lobby` */
export function watchedChannel(name: string): string | null {
  return name.startsWith(`${PREFIX}/`) ? name.slice(PREFIX.length) : null;
}

/** @returns the channel that tells who is in another: `/lobby` → `/presence/lobby` */
export function presenceChannel(name: string): string {
  return PREFIX + name;
}

/** True for `/presence` and everything below it: the bridge alone speaks there. */
export function isPresence(name: string): boolean {
  return name === PREFIX || name.startsWith(`${PREFIX}/`);
}
