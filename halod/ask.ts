import { type Frame, type Link, LinkClient, LinkError, type LinkClientOptions } from "../link/index.ts";
import { parseAddress } from "./config.ts";
import { controlPayload, parseAnswer, type ClusterStatus } from "./control.ts";

export interface AskOptions extends Pick<
  LinkClientOptions,
  "secret" | "log" | "faults" | "randomBytes" | "random" | "config"
> {
  /** host:port */
  readonly address: string;
  readonly routes: number;
  readonly instance: string;
  readonly timeoutMs: number;
}

/** Asks a HaloD what it knows. @throws LinkError where there is no answer in time, with the reason that is known */
export async function askStatus({
  address,
  routes,
  instance,
  timeoutMs,
  ...options
}: AskOptions): Promise<ClusterStatus> {
  const { host, port } = parseAddress(address) ?? { host: address, port: 0 };
  const { promise, resolve, reject } = Promise.withResolvers<ClusterStatus>();
  const owner = {
    onUp: (link: Link) => {
      link.send({ type: "control", payload: controlPayload({ type: "status" }) });
    },
    onFrame: (_: Link, frame: Frame) => {
      const answer = frame.type === "control" ? parseAnswer(frame.payload) : null;
      if (answer?.type === "status") resolve(answer);
      else reject(new LinkError("malformed", "it does not answer as HaloD does"));
    },
    onDrain: () => undefined,
    onDown: () => undefined,
  };
  const peer = { role: "dispatcher", name: "tailspin status", instance, routes, node: 0, nodes: routes } as const;
  await using client = new LinkClient({ ...options, host, port, peer, serverRole: "halod", owner });
  const timer = setTimeout(() => {
    reject(client.failure ?? new LinkError("timeout", `no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  client.start();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
