import { z } from "zod";

const port = z.number().int().min(0).max(65_535);

/** Shaped like the real configuration: sections, every kind of key, and one rule between keys. */
export const sampleSchema = z
  .strictObject({
    log: z
      .strictObject({
        level: z.enum(["fatal", "error", "warn", "info", "debug"]).default("info").describe("the least that is logged"),
      })
      .prefault({}),
    secret: z.string().default("").describe("shared by all processes"),
    routes: z.number().int().min(1).max(46_656).default(1_024).describe("number of routes"),
    dispatcher: z
      .strictObject({
        host: z.string().min(1).default("127.0.0.1").describe("address to listen on"),
        port: port.default(8_080).describe("0 = any free port"),
        bridges: z
          .array(z.string().regex(/^.+:\d+$/, "must be HOST:PORT"))
          .min(1)
          .default(["127.0.0.1:7070"]),
        maxBodyBytes: z.number().int().positive().default(131_072).describe("bytes of one request | frame"),
        isCompressed: z.boolean().default(true).describe("whether answers are compressed"),
      })
      .prefault({}),
    bridge: z
      .strictObject({
        host: z.string().min(1).default("127.0.0.1").describe("address to listen on"),
        port: port.default(7_070).describe("0 = any free port"),
        node: z.number().int().min(1).default(1).describe("slot in the route table"),
      })
      .prefault({}),
    irc: z
      .strictObject({
        host: z.string().min(1).optional().describe("unset: the embedded server"),
        port: port.default(6_667).describe("port of the network"),
        tls: z.boolean().default(false).describe("whether to use TLS"),
        password: z.string().optional().describe("server password"),
        nick: z.string().min(1).max(30).default("tailspin").describe("nick of the sender"),
        aliases: z.record(z.string(), z.string()).default({}).describe("channel to IRC channel"),
        account: z.string().meta({ secret: true }).optional().describe("who we are"),
      })
      .prefault({}),
  })
  .superRefine((config, context) => {
    if (config.dispatcher.host !== "127.0.0.1" && config.secret === "") {
      context.addIssue({ code: "custom", path: ["secret"], message: "is needed when a tier listens off loopback" });
    }
  });
