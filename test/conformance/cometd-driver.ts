import type * as Library from "cometd";
import type { Message } from "cometd";
import type { Driver, DriverOptions, Heard, Outcome } from "./driver.ts";

/**
 * Drives the stock `cometd` package. It refers to nothing outside itself, since its text is put into a page as well.
 */
export function cometdDriver(library: typeof Library, { url, off, isExtended }: DriverOptions): Driver {
  const client = new library.CometD();
  const heard: Heard[] = [];
  const sent: Message[] = [];
  const received: Message[] = [];
  const subscriptions = new Map<string, Library.SubscriptionHandle>();
  const copy = (message: Message): Message => JSON.parse(JSON.stringify(message));
  const hear = ({ channel, data: { data, ...rest } = {} }: Message): void => {
    const isBinary = data instanceof ArrayBuffer;
    heard.push({ channel, data: isBinary ? { ...rest, bytes: [...new Uint8Array(data)] } : { ...rest, data } });
  };
  const ask = (act: (done: Library.Callback) => void): Promise<Outcome> =>
    new Promise((resolve) => {
      act(({ successful, error }) => resolve(successful === true ? "" : (error ?? "no answer")));
    });
  const listen = (channel: string, props: object): Promise<Outcome> =>
    ask((done) => subscriptions.set(channel, client.subscribe(channel, hear, props, done)));

  client.configure({ url, logLevel: "warn", backoffIncrement: 100, maxBackoff: 500 });
  for (const type of off) client.unregisterTransport(type);
  // The first that is registered sees messages as they go out, and as they come.
  client.registerExtension("witness", {
    outgoing(message) {
      // The library has no call for an array of channels; an application gets one onto the wire like this.
      const { all, ...rest } = message as Message & { all?: string[] };
      const whole = all === undefined ? message : { ...rest, subscription: all };
      sent.push(copy(whole));
      return whole;
    },
    incoming(message) {
      received.push(copy(message));
      return message;
    },
  });
  if (isExtended) {
    client.registerExtension("ack", new library.AckExtension());
    client.registerExtension("timestamp", new library.TimeStampExtension());
    client.registerExtension("timesync", new library.TimeSyncExtension());
    client.registerExtension("binary", new library.BinaryExtension());
    if ("sessionStorage" in globalThis) client.registerExtension("reload", new library.ReloadExtension());
  }
  return {
    handshake: () => ask((done) => client.handshake(done)),
    state: () =>
      Promise.resolve({ type: client.getTransport()?.type ?? "none", clientId: client.getClientId() ?? "none" }),
    subscribe: (channel) => listen(channel, {}),
    subscribeAll: (channels) => {
      const [first = "", ...others] = channels;
      for (const channel of others) client.addListener(channel, hear);
      return listen(first, { all: channels });
    },
    unsubscribe: (channel) => ask((done) => client.unsubscribe(subscriptions.get(channel) ?? {}, done)),
    publish: (channel, data) => ask((done) => client.publish(channel, data, done)),
    publishBinary: (channel, bytes) =>
      ask((done) => client.publishBinary(channel, new Uint8Array(bytes), true, {}, done)),
    call: (channel, data) =>
      new Promise((resolve) => {
        client.remoteCall(channel.replace(/^\/service/, ""), data, ({ successful, error, data: answer }) =>
          resolve({ outcome: successful === true ? "" : (error ?? "no answer"), answer }),
        );
      }),
    disconnect: () => ask((done) => client.disconnect(done)),
    heard: () => Promise.resolve(heard),
    seen: () => Promise.resolve({ sent, received }),
    reload: () => Promise.resolve(client.reload?.()),
  };
}
