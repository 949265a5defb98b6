import { EventSourceWire } from "./stream-wire.ts";
import { describeTransport } from "./suite.ts";

describeTransport({
  name: "eventsource",
  pushes: true,
  holds: false,
  acks: false,
  open: async (port, onBatch) => new EventSourceWire(port, onBatch),
});
