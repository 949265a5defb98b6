import { describeTransport } from "./suite.ts";
import { WebSocketWire } from "./websocket-wire.ts";

describeTransport({
  name: "websocket",
  pushes: true,
  holds: true,
  acks: true,
  open: (port, onBatch) => WebSocketWire.open(port, onBatch),
});
