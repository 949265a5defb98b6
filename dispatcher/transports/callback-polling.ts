import { readParameters } from "../http/parameters.ts";
import type { Envelope, PollingSettings } from "./polling-settings.ts";

/** Names with dots between them: whatever else a page would like to have called is not ours to write into a script. */
const CALLBACK = /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/;
const MAX_CALLBACK_LENGTH = 128;
const DEFAULT_CALLBACK = "jsonpcallback";
/** In UTF-8 the line ends of Unicode begin with these; JSON lets them be, scripts before ES2019 do not. */
const LINE_END = Buffer.from([0xe2, 0x80]);
const CLOSE = Buffer.from("]);");

/** Bayeux §6.2: a script is asked for, and calls the page back with the array. */
export const CALLBACK_POLLING: PollingSettings = {
  name: "callback-polling",
  method: "GET",
  contentType: null,
  read(_, query) {
    const parameters = readParameters(query);
    if ("fault" in parameters) return parameters;
    const message = parameters.values.get("message");
    const callback = parameters.values.get("jsonp") ?? DEFAULT_CALLBACK;
    if (message === undefined) return { fault: "A GET has the messages in ?message=" };
    if (callback.length > MAX_CALLBACK_LENGTH || !CALLBACK.test(callback)) {
      return { fault: "The callback in jsonp= must be a name, or names with dots between them" };
    }
    return { json: Buffer.from(message), envelope: scriptCalling(callback) };
  },
};

function scriptCalling(callback: string): Envelope {
  // The comment keeps the first bytes ours: a file of another kind could be made of a chosen callback.
  const open = Buffer.from(`/**/${callback}([`);
  return {
    headers: {
      "content-type": "text/javascript;charset=UTF-8",
      "content-disposition": "attachment; filename=f.txt",
    },
    wrap: (messages) => Buffer.concat([open, escapeLineEnds(messages), CLOSE]),
  };
}

function escapeLineEnds(messages: Buffer): Buffer {
  if (!messages.includes(LINE_END)) return messages;
  return Buffer.from(messages.toString().replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029"));
}
