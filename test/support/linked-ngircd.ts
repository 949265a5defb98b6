import { vi } from "vitest";
import type { ProcessServer } from "./process-server.ts";
import { RawIrc } from "./raw-irc.ts";
import { replaceOnce, startVariant } from "./server-variants.ts";

/** Two ngIRCd that are one network. */
export interface LinkedNgircd extends AsyncDisposable {
  readonly a: ProcessServer;
  readonly b: ProcessServer;
}

const LINK = ["MyPassword = for-tests-only", "PeerPassword = for-tests-only"];
const WAIT = { timeout: 20_000, interval: 50 };

/** Starts both as child processes, with the repository's configuration, and waits until they have found each other. */
export async function startLinkedNgircd(): Promise<LinkedNgircd> {
  await using resources = new AsyncDisposableStack();
  const start = async (name: string, peer: readonly string[]): Promise<ProcessServer> => {
    const variant = await startVariant("ngircd", (text) => {
      const named = replaceOnce(text, "Name = irc.tailspin.test", `Name = ${name}.tailspin.test`);
      return `${named}\n[Server]\n${[...peer, ...LINK].join("\n")}\n`;
    });
    return resources.use(variant).server;
  };
  const a = await start("a", ["Name = b.tailspin.test", "Passive = yes"]);
  const b = await start("b", ["Name = a.tailspin.test", "Host = 127.0.0.1", `Port = ${a.port}`]);
  await using probe = await RawIrc.login(b, "probe");
  await vi.waitFor(async () => {
    probe.send("LINKS");
    // The list ends with 365, in each answer.
    await probe.waitFor(/ 365 /);
    if (!probe.lines.some((line) => / 364 .*a\.tailspin\.test/.test(line))) throw new Error("not linked yet");
  }, WAIT);
  const moved = resources.move();
  return { a, b, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}
