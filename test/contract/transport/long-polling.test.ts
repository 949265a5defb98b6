import { longPolling } from "./long-polling.ts";
import { describeTransport } from "./suite.ts";

describeTransport(longPolling);
