import { pino } from "pino";
import { Dispatcher, type DispatcherConfig, dispatcherSchema } from "../../dispatcher/index.ts";
import type { AnyMessage, FakeBridge } from "./fake-bridge.ts";

export const ALICE = `001${"a".repeat(26)}`;
export const BOB = `002${"b".repeat(26)}`;

/** A dispatcher on a free port, in front of a fake bridge. */
export function startDispatcher(bridge: FakeBridge, config: Partial<DispatcherConfig> = {}, isUp = true) {
  return Dispatcher.start({
    config: { ...dispatcherSchema.parse({ port: 0, drainTimeoutMs: 2_000 }), ...config },
    routes: 1_024,
    secret: "secret",
    log: pino({ level: "silent" }),
    connect: bridge.connector(isUp),
  });
}

/** Sends a body to `/bayeux`: a value as JSON, text and bytes as they are. */
export function post({ port }: Dispatcher, body: unknown, headers: Record<string, string> = {}, path = "/bayeux") {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
}

/** The array of a response. */
export async function repliesOf(response: Response | Promise<Response>): Promise<AnyMessage[]> {
  const value: unknown = await (await response).json();
  if (!Array.isArray(value)) throw new TypeError("a Bayeux response is an array");
  return value;
}

export const connectMessage = (clientId: string, id = "1", connectionType = "long-polling") => ({
  channel: "/meta/connect",
  clientId,
  connectionType,
  id,
});

export const publishMessage = (clientId: string, id = "2") => ({
  channel: "/lobby",
  clientId,
  id,
  data: { text: "hi" },
});
