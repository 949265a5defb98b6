import type { Message } from "cometd";
import type { Driver, DriverOptions, Heard, Outcome } from "./driver.ts";

interface FayeSubscription extends PromiseLike<unknown> {
  withChannel(listener: (channel: string, data: unknown) => void): FayeSubscription;
  cancel(): void;
}

interface FayeExtension {
  incoming(message: Message, next: (message: Message) => void): void;
  outgoing(message: Message, next: (message: Message) => void): void;
}

interface FayeClient {
  readonly _dispatcher: { readonly connectionType?: string; readonly clientId?: string };
  disable(type: string): void;
  addExtension(extension: FayeExtension): void;
  connect(done: () => void): void;
  subscribe(channel: string): FayeSubscription;
  subscribe(channels: readonly string[]): FayeSubscription[];
  publish(channel: string, data: unknown): PromiseLike<unknown>;
  disconnect(): PromiseLike<unknown>;
}

/** What of Faye is used here; it brings no types. */
export interface Faye {
  readonly Client: new (url: string, options: { retry: number; timeout: number }) => FayeClient;
}

/** Drives the stock `faye` package. It refers to nothing outside itself, since its text is put into a page as well. */
export function fayeDriver(faye: Faye, { url, off }: DriverOptions): Driver {
  const client = new faye.Client(url, { retry: 0.2, timeout: 20 });
  const heard: Heard[] = [];
  const sent: Message[] = [];
  const received: Message[] = [];
  const subscriptions = new Map<string, FayeSubscription>();
  let onUnsubscribed: ((outcome: Outcome) => void) | undefined;
  const errorOf = (error: unknown): Outcome => {
    if (typeof error !== "object" || error === null || !("code" in error)) return `unexpected: ${String(error)}`;
    const { code, params, message } = error as Readonly<Record<string, unknown>>;
    return `${String(code)}:${String(params)}:${String(message)}`;
  };
  const outcomeOf = (promise: PromiseLike<unknown>): Promise<Outcome> =>
    new Promise((resolve) => {
      promise.then(
        () => resolve(""),
        (error: unknown) => resolve(errorOf(error)),
      );
    });
  const listen = (channel: string, subscription: FayeSubscription): Promise<Outcome> => {
    subscription.withChannel((where, data) => heard.push({ channel: where, data }));
    subscriptions.set(channel, subscription);
    return outcomeOf(subscription);
  };

  for (const type of off) client.disable(type);
  client.addExtension({
    outgoing(message, next) {
      sent.push(JSON.parse(JSON.stringify(message)));
      next(message);
    },
    incoming(message, next) {
      received.push(JSON.parse(JSON.stringify(message)));
      next(message);
      // The library does not tell how an unsubscribe ended.
      if (message.channel === "/meta/unsubscribe")
        onUnsubscribed?.(message.successful === true ? "" : String(message.error));
    },
  });
  return {
    handshake: () => new Promise((resolve) => client.connect(() => resolve(""))),
    state: () => {
      const { connectionType = "none", clientId = "none" } = client._dispatcher;
      return Promise.resolve({ type: connectionType, clientId });
    },
    subscribe: (channel) => listen(channel, client.subscribe(channel)),
    subscribeAll: async (channels) => {
      const all = client.subscribe(channels);
      const outcomes = await Promise.all(all.map((one, index) => listen(channels[index] ?? "", one)));
      return outcomes.find((outcome) => outcome !== "") ?? "";
    },
    unsubscribe: (channel) =>
      new Promise((resolve) => {
        onUnsubscribed = resolve;
        subscriptions.get(channel)?.cancel();
      }),
    publish: (channel, data) => outcomeOf(client.publish(channel, data)),
    publishBinary: () => Promise.reject(new Error("Faye has no binary messages")),
    call: async (channel, data) => {
      // The answer comes with the publish's id, and is heard by whoever listens to the channel.
      const subscription = client.subscribe(channel);
      const answer = new Promise((resolve) => {
        subscription.withChannel((_where, said) => resolve(said));
      });
      await subscription;
      const outcome = await outcomeOf(client.publish(channel, data));
      return { outcome, answer: outcome === "" ? await answer : undefined };
    },
    disconnect: async () => outcomeOf(client.disconnect()),
    heard: () => Promise.resolve(heard),
    seen: () => Promise.resolve({ sent, received }),
    reload: () => Promise.reject(new Error("Faye has no extension for that")),
  };
}
