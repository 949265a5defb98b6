import { z } from "zod";

const whole = z.number().int();
const count = whole.min(1);
const KIB = 1_024;

/** The settings of the listener for apps, `dispatcher.inside`. */
export const insideSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("address to listen on for apps; plain HTTP, so a private one"),
  port: whole
    .min(0)
    .max(65_535)
    .optional()
    .describe("TCP port for apps that dispatch to users; 0 = any free port; unset: none is opened"),
  token: z
    .string()
    .regex(/^[A-Za-z0-9\-._~+/]{16,}=*$/, "must have 16 characters or more of A-Z a-z 0-9 - . _ ~ + /")
    .optional()
    .describe("what apps say as `Authorization: Bearer …`; needed as soon as `port` is set"),
  maxBodyBytes: count.default(KIB * KIB).describe("bytes of one request of an app"),
  maxDataBytes: count.default(128 * KIB).describe("bytes of the data of one message, as JSON"),
  maxRecipients: count.default(1_000).describe("users to whom one message goes"),
  maxRequests: count.default(64).describe("requests of apps at the same time"),
  timeoutMs: count
    .max(3_600_000)
    .default(5_000)
    .describe("milliseconds after which an app is answered, whichever bridges have not been heard of by then"),
});

export type InsideConfig = Readonly<z.infer<typeof insideSchema>>;

/** A name of 32 characters, each of three bytes, with its route, its quotes and its brackets. */
const RECIPIENT_BYTES = 128;

/** @returns how long the longest frame is that a dispatch can become */
export function dispatchFrameBytes({ maxRecipients, maxDataBytes }: InsideConfig): number {
  return maxRecipients * RECIPIENT_BYTES + maxDataBytes + KIB;
}

/** What is wrong between keys. */
export function insideFaults({ port, token }: InsideConfig): { path: string[]; message: string }[] {
  if (port !== undefined && token === undefined)
    return [
      { path: ["token"], message: "must be set together with dispatcher.inside.port: apps prove themselves by it" },
    ];
  if (port === undefined && token !== undefined)
    return [
      { path: ["port"], message: "must be set too, or leave out dispatcher.inside.token: nothing listens for it" },
    ];
  return [];
}
