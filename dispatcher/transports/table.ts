import { CALLBACK_POLLING } from "./callback-polling.ts";
import { CROSS_ORIGIN_LONG_POLLING } from "./cross-origin-long-polling.ts";
import { EVENTSOURCE } from "./eventsource.ts";
import { LONG_POLLING } from "./long-polling.ts";
import type { PollingSettings } from "./polling-settings.ts";
import type { StreamSettings } from "./stream-settings.ts";
import { STREAMING } from "./streaming.ts";

/** Every way in which one HTTP request is answered by one array. */
export const POLLING_TRANSPORTS: readonly PollingSettings[] = [
  LONG_POLLING,
  CROSS_ORIGIN_LONG_POLLING,
  CALLBACK_POLLING,
];

/** Every way in which the answer to one HTTP request goes on. */
export const STREAM_TRANSPORTS: readonly StreamSettings[] = [EVENTSOURCE, STREAMING];
