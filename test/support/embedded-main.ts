/** Runs the embedded IRC server alone: `node embedded-main.ts PORT`. */
import { pino } from "pino";
import { EmbeddedIrcd } from "../../bridges/irc/embedded/index.ts";

const log = pino({ level: "warn" }, pino.destination(2));
const server = await EmbeddedIrcd.start({ host: "127.0.0.1", port: Number(process.argv[2]), log });

process.once("SIGTERM", () => {
  server[Symbol.asyncDispose]().then(
    () => process.exit(0),
    (error: unknown) => {
      log.fatal({ err: error }, "could not stop");
      process.exit(1);
    },
  );
});
