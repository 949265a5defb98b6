import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Linux: the addresses of this machine, one a line, with flags in hexadecimal as the fifth word. */
const ADDRESSES = "/proc/net/if_inet6";
/** `IFA_F_TENTATIVE`: whether somebody else has it is still being found out, which takes a second or two. */
const TENTATIVE = 0x40;
const LOOK_MS = 20;
const WAIT_MS = 20_000;

/**
 * Chromium breaks off whatever it loads (`net::ERR_NETWORK_CHANGED`) when an address of the machine comes or changes, and the
 * start of a container makes one. Resolves when none of them is about to change.
 *
 * @throws Error after a bounded time
 */
export async function calmNetwork(): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (await isChanging()) {
    if (performance.now() > deadline)
      throw new Error(`an address of this machine is still tentative after ${WAIT_MS} ms`);
    await delay(LOOK_MS);
  }
}

async function isChanging(): Promise<boolean> {
  const text = await readFile(ADDRESSES, "utf8").catch(() => "");
  const flags = text.split("\n").map((line) => Number.parseInt(line.trim().split(/\s+/)[4] ?? "0", 16));
  return flags.some((one) => (one & TENTATIVE) !== 0);
}
