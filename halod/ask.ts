import { type Frame, type Link, LinkClient, LinkError, splitAddress, type LinkClientOptions } from "../link/index.ts";
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

/** Asks a HaloD what it knows. @throws LinkError where there is no answer in time, with what is known of it, for the operator */
export async function askStatus({
  address,
  routes,
  instance,
  timeoutMs,
  ...options
}: AskOptions): Promise<ClusterStatus> {
  const { promise, resolve, reject } = Promise.withResolvers<ClusterStatus>();
  const fail = ({ code, message }: LinkError) => {
    reject(new LinkError(code, `HaloD at ${address} does not answer: ${message}`));
  };
  const owner = {
    onUp: (link: Link) => {
      link.send({ type: "control", payload: controlPayload({ type: "status" }) });
    },
    onFrame: (_: Link, frame: Frame) => {
      const answer = frame.type === "control" ? parseAnswer(frame.payload) : null;
      if (answer?.type === "status") resolve(answer);
      else fail(new LinkError("malformed", "it does not answer as HaloD does"));
    },
    onDrain: () => undefined,
    onDown: () => undefined,
  };
  const peer = { role: "dispatcher", name: "tailspin status", instance, routes, node: 0, nodes: routes } as const;
  await using client = new LinkClient({ ...options, ...splitAddress(address), peer, serverRole: "halod", owner });
  const timer = setTimeout(() => {
    fail(client.failure ?? new LinkError("timeout", `no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  client.start();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
