import { framingOf } from "./framing.ts";
import type { StreamSettings } from "./stream-settings.ts";

/** Server-sent events as Faye uses them: one `data` line for each array. @see WHATWG HTML §9.2 */
export const EVENTSOURCE: StreamSettings = {
  name: "eventsource",
  contentType: "text/event-stream",
  framing: framingOf("data: ", "\n\n"),
  heartbeat: Buffer.from(":\n\n"),
  connects: "dispatcher",
  opening(paddingBytes, retryMs) {
    const padding = paddingBytes > 0 ? `:${" ".repeat(paddingBytes)}\n` : "";
    return Buffer.from(`${padding}retry: ${retryMs}\n\n`);
  },
  closing: (retryMs) => Buffer.from(`retry: ${retryMs}\n\n`),
};
