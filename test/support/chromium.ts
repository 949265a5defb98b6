import { chromium, type Browser } from "playwright-core";
import { chromiumPath } from "./prepare.ts";

/** Nothing of the machine's network is touched but what a page asks for. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A headless Chromium. @throws Error saying what to install */
export async function launchChromium(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    throw new Error("Chromium is missing: install it (Debian: apt-get install chromium), or name it in CHROMIUM_PATH");
  }
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}
