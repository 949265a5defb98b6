import { StreamingWire } from "./stream-wire.ts";
import { describeTransport } from "./suite.ts";

describeTransport({
  name: "streaming",
  pushes: true,
  holds: true,
  acks: true,
  open: async (port, onBatch) => new StreamingWire(port, onBatch),
});
