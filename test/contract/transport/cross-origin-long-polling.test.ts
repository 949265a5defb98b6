import { pollingFixture } from "./polling-wire.ts";
import { describeTransport } from "./suite.ts";

describeTransport(
  pollingFixture({
    name: "cross-origin-long-polling",
    ask: (json) => ({
      method: "POST",
      path: "/bayeux",
      headers: { "content-type": "text/plain;charset=UTF-8" },
      body: `message=${encodeURIComponent(json)}`,
    }),
    arrayOf: (body) => body,
  }),
);
