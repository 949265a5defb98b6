/** What the commands that only calculate can be told. */
import { z } from "zod";
import { slotsOf } from "./slots.ts";
import { pictureOf } from "./picture.ts";
import { movesOfJoin, tableOf } from "./routes.ts";
import { tableText } from "./table-text.ts";
import {
  DOMAIN_FORM,
  HOST_FORM,
  isHostName,
  isZoneAddress,
  MAX_ITERATION,
  MAX_TTL_SECONDS,
  zoneFaults,
  zoneOf,
} from "./zone.ts";

const DEFAULT_ROUTES = 1_024;

/** Of `tailspin halod table`. @param maxRoutes the most that a clientId can name */
export function tableSchema(maxRoutes: number) {
  return z
    .strictObject({
      routes: routesSchema(maxRoutes),
      nodes: z.number().int().min(1).default(8).describe("how many nodes share them; at most as many as routes"),
      json: z.boolean().default(false).describe("the last table and the moves to it, as JSON"),
      svg: z
        .string()
        .min(1)
        .optional()
        .describe("a picture, to a file or (-) to standard output")
        .meta({ whenAlone: "-" }),
    })
    .superRefine(({ routes, nodes, json, svg }, context) => {
      if (nodes > routes) {
        context.addIssue({ code: "custom", path: ["nodes"], message: atMostRoutes(routes) });
      }
      if (json && svg !== undefined)
        context.addIssue({ code: "custom", path: ["json"], message: "cannot be combined with --svg" });
    });
}

/** Of `tailspin halod zone`. @param maxRoutes the most that a clientId can name */
export function zoneSchema(maxRoutes: number) {
  return z
    .strictObject({
      domain: z
        .string({ error: missing("the zone, for example --domain example.org") })
        .refine(isHostName, DOMAIN_FORM)
        .describe("the name of the zone"),
      nodes: z
        .array(z.string().refine(isZoneAddress, "must be an IPv4 or IPv6 address, or the name of a host"), {
          error: missing("the nodes, for example --nodes 192.0.2.1,192.0.2.2"),
        })
        .min(1)
        .describe("where node 1, 2, … are: addresses, or names of hosts"),
      iteration: z
        .number({ error: missing("the iteration, for example --iteration 7") })
        .int()
        .min(1)
        .max(MAX_ITERATION)
        .describe("part of each name, and the serial number; to grow with every change"),
      routes: routesSchema(maxRoutes),
      ttlSeconds: z
        .number()
        .int()
        .min(0)
        .max(MAX_TTL_SECONDS)
        .default(1)
        .describe("how long resolvers may keep an answer, in seconds"),
      nameServer: z
        .string()
        .refine(isHostName, HOST_FORM)
        .default("localhost")
        .describe("a host outside of the zone that answers for it; localhost: nobody"),
    })
    .superRefine((options, context) => {
      for (const { option, message } of zoneFaults(options.routes, options)) {
        // What a value is by itself has been told above; here is whether it goes with the others.
        if ((option === "domain" || option === "nameServer") && isHostName(options[option]))
          context.addIssue({ code: "custom", path: [option], message });
      }
      const { nodes, routes } = options;
      if (nodes.length > routes) context.addIssue({ code: "custom", path: ["nodes"], message: atMostRoutes(routes) });
      if (new Set(nodes).size < nodes.length)
        context.addIssue({ code: "custom", path: ["nodes"], message: "must differ from each other" });
    });
}

/** Checked options of `tailspin halod table`. */
export type TableOptions = Readonly<z.infer<ReturnType<typeof tableSchema>>>;

/** Checked options of `tailspin halod zone`. */
export type ZoneCommandOptions = Readonly<z.infer<ReturnType<typeof zoneSchema>>>;

/** What `tailspin halod table` has to say. */
export function answerTable({ routes, nodes, json, svg }: TableOptions): string {
  if (svg !== undefined) return pictureOf(routes, nodes);
  if (!json) return tableText(routes, nodes);
  const { owners } = tableOf(routes, nodes);
  return `${JSON.stringify({ routes, nodes, owners, moves: movesOfJoin(routes, nodes) })}\n`;
}

/** What `tailspin halod zone` has to say. */
export function answerZone({ nodes, routes, ...options }: ZoneCommandOptions): string {
  return zoneOf(slotsOf(routes, nodes), { ...options, addresses: new Map(nodes.map((node) => [node, node])) });
}

function routesSchema(maxRoutes: number) {
  return z.number().int().min(1).max(maxRoutes).default(DEFAULT_ROUTES).describe("number of routes");
}

/** The words for a value that was not given; for any other fault those of the caller. */
function missing(what: string) {
  return ({ input }: { readonly input?: unknown }) => (input === undefined ? `give ${what}` : undefined);
}

function atMostRoutes(routes: number): string {
  return `must be at most as many as the routes, which are ${routes}`;
}
