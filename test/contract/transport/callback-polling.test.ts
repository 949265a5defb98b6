import { pollingFixture } from "./polling-wire.ts";
import { describeTransport } from "./suite.ts";

describeTransport(
  pollingFixture({
    name: "callback-polling",
    ask: (json) => ({ method: "GET", path: `/bayeux?message=${encodeURIComponent(json)}&jsonp=take` }),
    arrayOf: (body) => body.slice("/**/take(".length, -");".length),
  }),
);
