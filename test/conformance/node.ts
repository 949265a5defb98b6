import { createRequire } from "node:module";
import * as cometd from "cometd";
import { adaptAnew } from "../support/cometd-in-node.ts";
import { cometdDriver } from "./cometd-driver.ts";
import type { Client, DriverOptions } from "./driver.ts";
import { fayeDriver, type Faye } from "./faye-driver.ts";
import type { Row } from "./rows.ts";

const faye: unknown = createRequire(import.meta.url)("faye");
if (!isFaye(faye)) throw new TypeError("this is not faye");
const library = faye;

/** A client in this process. */
export function startInNode(row: Row, options: DriverOptions): Client {
  if (row.family === "cometd") adaptAnew();
  const driver = row.family === "cometd" ? cometdDriver(cometd, options) : fayeDriver(library, options);
  return {
    driver,
    reopen: null,
    faults: [],
    isDisturbed: false,
    async [Symbol.asyncDispose]() {
      // Of a row that failed half-way it would go on for ever; nobody waits for the answer, there may be none.
      driver.disconnect().catch(() => undefined);
    },
  };
}

function isFaye(value: unknown): value is Faye {
  return typeof value === "object" && value !== null && "Client" in value;
}
