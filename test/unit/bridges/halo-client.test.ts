import { hostname } from "node:os";
import { expect, it } from "vitest";
import { addressFor } from "../../../bridges/halo-client.ts";
import { bridgeSchema } from "../../../bridges/index.ts";

it.for([
  ["what it is told to", { host: "0.0.0.0", advertise: "bridge-1:7070" }, "bridge-1:7070"],
  ["where it listens", { host: "10.0.0.7" }, "10.0.0.7:9"],
  ["where it listens", { host: "fd00::7" }, "[fd00::7]:9"],
  ["this machine where it listens everywhere", { host: "0.0.0.0" }, `${hostname()}:9`],
  ["this machine where it listens everywhere", { host: "::" }, `${hostname()}:9`],
] as const)("tells dispatchers %s", ([, config, address]) => {
  expect(addressFor(bridgeSchema.parse(config), 9)).toBe(address);
});
