import { readParameters } from "../http/parameters.ts";
import { JSON_ARRAY, type PollingSettings } from "./polling-settings.ts";

/**
 * `message=…` is posted, and JSON comes back: Bayeux §6.1 allows a form, and Faye sends one as plain text.
 *
 * Browsers post both to other origins without asking first, so it is the check of the origin that keeps pages out.
 */
export const CROSS_ORIGIN_LONG_POLLING: PollingSettings = {
  name: "cross-origin-long-polling",
  method: "POST",
  contentType: /^(?:text\/plain|application\/x-www-form-urlencoded)[\t ]*(?:;|$)/i,
  read(body) {
    const parameters = readParameters(body.toString());
    if ("fault" in parameters) return parameters;
    const message = parameters.values.get("message");
    if (message === undefined) return { fault: "A form has the messages in message=" };
    return { json: Buffer.from(message), envelope: JSON_ARRAY };
  },
};
