import { JSON_POST, pollingFixture } from "./polling-wire.ts";

export const longPolling = pollingFixture({ name: "long-polling", ...JSON_POST });
