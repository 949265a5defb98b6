/** The channel that shows the stack itself. */
export const HALO_CHANNEL = "/halo";

/** True for the channel in which the bridge alone speaks, of the stack: it is never a network's, whether it is on or not. */
export function isHalo(name: string): boolean {
  return name === HALO_CHANNEL;
}
