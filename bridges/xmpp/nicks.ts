const MAX_UNDERSCORES = 3;

/**
 * Lists the nicks to try, best first.
 *
 * @param stem the configured first part, without digits
 * @param node the bridge's number
 */
export function nickCandidates(stem: string, node: number): readonly string[] {
  return Array.from({ length: MAX_UNDERSCORES + 1 }, (_, underscores) => `${stem}${node}${"_".repeat(underscores)}`);
}

/** Makes a test for nicks of bridges (ours and others') that were configured with the same stem. */
export function bridgeNickTest(stem: string): (nick: string) => boolean {
  return (nick) => nick.startsWith(stem) && /^\d+_{0,3}$/.test(nick.slice(stem.length));
}
