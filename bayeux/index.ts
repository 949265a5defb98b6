/** The Bayeux protocol: messages, parsing, channels and patterns, errors, advice. Pure. */
export * from "./advice.ts";
export * from "./channel.ts";
export * from "./client-id.ts";
export * from "./connection-types.ts";
export * from "./declared-name.ts";
export * from "./errors.ts";
export * from "./parse.ts";
export * from "./reply.ts";
export * from "./request.ts";
