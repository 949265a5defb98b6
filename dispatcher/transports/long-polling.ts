import { JSON_ARRAY, type PollingSettings } from "./polling-settings.ts";

/** Bayeux §6.1: JSON is posted, and JSON comes back. */
export const LONG_POLLING: PollingSettings = {
  name: "long-polling",
  method: "POST",
  contentType: /^(?:application|text)\/json[\t ]*(?:;|$)/i,
  read: (json) => ({ json, envelope: JSON_ARRAY }),
};
