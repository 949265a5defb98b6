/** The whole configuration: one section from each folder, put together for the composition root. */
import { isIP } from "node:net";
import { z } from "zod";
import { MAX_ROUTES } from "./bayeux/index.ts";
import { bridgeFaults, bridgeSchema, mappingFaults, mappingSchema } from "./bridges/index.ts";
import { ircSchema } from "./bridges/irc/index.ts";
import type { Command } from "./cli/index.ts";
import { dispatcherFaults, dispatcherSchema, dispatchFrameBytes } from "./dispatcher/index.ts";
import { xmppSchema } from "./bridges/xmpp/index.ts";
import { halodSchema, MAX_VOTING_DISPATCHERS, scaleFaults, statusSchema } from "./halod/index.ts";
import { linkSchema, MAX_CONTROL_BYTES } from "./link/index.ts";
import { NETWORK_KEYS, networksOf } from "./networks.ts";

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** How many bodies must fit into one frame of a link. */
const FRAME_PER_BODY = 4;

/** The newcomer's terminal stays readable; a tier on its own tells what it does. */
const DEFAULT_LEVEL: Partial<Record<Command, (typeof LOG_LEVELS)[number]>> = { up: "warn" };

/**
 * The schema of everything that a command may be told; all of them take the same keys, so that one file serves all.
 *
 * What depends on the command is checked here as well, so that it is told together with everything else.
 */
export function schemaFor(command: Command) {
  return z
    .strictObject({
      log: z.strictObject({
        level: z
          .enum(LOG_LEVELS)
          .default(DEFAULT_LEVEL[command] ?? "info")
          .describe("what is logged to standard error, as JSON lines"),
      }),
      secret: z
        .string()
        .default("")
        .describe("shared by all processes of a stack; needed as soon as one listens elsewhere than on loopback"),
      routes: z
        .number()
        .int()
        .min(1)
        .max(MAX_ROUTES)
        .default(1_024)
        .describe("number of routes; the same in all processes"),
      drainTimeoutMs: z
        .number()
        .int()
        .positive()
        .default(20_000)
        .describe("how long a clean stop may take, in milliseconds"),
      dispatcher: dispatcherSchema,
      bridge: bridgeSchema,
      mapping: mappingSchema,
      irc: ircSchema,
      xmpp: xmppSchema,
      link: linkSchema,
      halod: halodSchema,
      status: statusSchema,
    })
    .superRefine((config, context) => {
      const refuse = (path: (string | number)[], message: string) => {
        context.addIssue({ code: "custom", path, message });
      };
      const { bridge, dispatcher, secret } = config;
      const exposed = isTier(command) ? config[command].host : null;
      if (exposed !== null && !isLoopback(exposed) && secret === "") {
        refuse(["secret"], `must be set, since ${command}.host is ${exposed}, which is not loopback`);
      }
      const { halod } = config;
      if (halod.nodes > halod.maxBridges)
        refuse(["halod", "nodes"], `must be at most halod.maxBridges, which is ${halod.maxBridges}`);
      const room = Math.min(config.routes, halod.maxBridges - halod.spares);
      for (const { path, message } of scaleFaults(halod.autoscale, room)) {
        refuse(["halod", "autoscale", ...path], message);
      }
      if (
        command === "halod" &&
        tableBytes(config.routes, halod) > Math.min(MAX_CONTROL_BYTES, config.link.maxFrameBytes)
      ) {
        refuse(["halod", "maxBridges"], "is too many for routes and link.maxFrameBytes: a table must fit into a frame");
      }
      // HaloD, and who asks it, need not know the networks.
      if (command === "halod" || command === "status") return;
      const networks = networksOf(config, command !== "bridge");
      // An XMPP section that is only begun tells its own faults.
      const isXmppBegun = config.xmpp.jid !== undefined || config.xmpp.component !== undefined;
      if (networks.length === 0 && !isXmppBegun)
        refuse(["irc", "host"], "must name an IRC server, unless there is an XMPP one; only `up` has one of its own");
      // A dispatcher does not read the mapping, and need not know the networks that it speaks of.
      if (command !== "dispatcher") {
        const unset = new Map([...NETWORK_KEYS].filter(([name]) => !networks.some((network) => network.name === name)));
        for (const { path, message } of mappingFaults(config.mapping, networks, unset)) {
          refuse(["mapping", ...path], message);
        }
      }
      // A frame holds a body, or the replies to it, which echo parts of it.
      const maxBodyBytes = Math.floor(config.link.maxFrameBytes / FRAME_PER_BODY);
      if (dispatcher.maxBodyBytes > maxBodyBytes) {
        refuse(
          ["dispatcher", "maxBodyBytes"],
          `must be at most a quarter of link.maxFrameBytes, which makes ${maxBodyBytes}`,
        );
      }
      if (dispatchFrameBytes(dispatcher.inside) > config.link.maxFrameBytes)
        refuse(
          ["dispatcher", "inside", "maxRecipients"],
          "and dispatcher.inside.maxDataBytes are too many for link.maxFrameBytes: a message must fit into a frame",
        );
      for (const { path, message } of bridgeFaults(bridge, config.routes)) refuse(["bridge", ...path], message);
      for (const { path, message } of dispatcherFaults(dispatcher)) refuse(["dispatcher", ...path], message);
      if (dispatcher.bridges.length > config.routes)
        refuse(["dispatcher", "bridges"], `must be at most routes, which is ${config.routes}`);
    });
}

/** Everything that TailSpin can be told, checked and complete. */
export type Config = Readonly<z.infer<ReturnType<typeof schemaFor>>>;

/**
 * Of a table at most: each route has the number of a bridge, which has its address and its instance. Or as it is voted
 * on: without the routes, but with those who have a say, in what is to come and in what is.
 */
function tableBytes(routes: number, { maxBridges, maxDispatchers }: Config["halod"]): number {
  const dispatchers = Math.min(maxDispatchers, MAX_VOTING_DISPATCHERS);
  return Math.max(routes * 6 + maxBridges * 500, dispatchers * 32 + maxBridges * 470 + 1_000);
}

function isTier(command: Command): command is "bridge" | "dispatcher" | "halod" {
  return command === "bridge" || command === "dispatcher" || command === "halod";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
