/** The peer: faye's own server with its in-memory engine, in one process. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { dieWithBench, report } from "../load/child.ts";

/** Longer than any run, as ours is told as well: a storm of renewed connects is not what is measured. */
const TIMEOUT_SECONDS = 120;
const KEEP_ALIVE_MS = 75_000;

interface Faye {
  readonly NodeAdapter: new (options: { mount: string; timeout: number }) => { attach(server: Server): void };
}

function isFaye(value: unknown): value is Faye {
  return typeof value === "object" && value !== null && "NodeAdapter" in value;
}

const faye: unknown = createRequire(import.meta.url)("faye");
if (!isFaye(faye)) throw new TypeError("this is not faye");

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
new faye.NodeAdapter({ mount: "/bayeux", timeout: TIMEOUT_SECONDS }).attach(server);
server.listen(0, "127.0.0.1", () => report({ type: "ready", port: portOf(server.address()) }));
dieWithBench();

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new TypeError("the server does not listen on TCP");
  return address.port;
}
