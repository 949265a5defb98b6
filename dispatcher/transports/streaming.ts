import { framingOf } from "./framing.ts";
import type { StreamSettings } from "./stream-settings.ts";

const NOTHING = Buffer.alloc(0);

/**
 * One array a line, for clients that can read a body while it comes, as `fetch` does. It is the answer to a connect:
 * messages come as they arrive, the reply comes last. Blank lines mean nothing; the end of the body ends a line.
 */
export const STREAMING: StreamSettings = {
  name: "streaming",
  contentType: "application/x-ndjson;charset=UTF-8",
  framing: framingOf("", "\n"),
  heartbeat: Buffer.from("\n"),
  connects: "browser",
  opening: (paddingBytes) => (paddingBytes > 0 ? Buffer.from(`${" ".repeat(paddingBytes)}\n`) : NOTHING),
  closing: () => NOTHING,
};
