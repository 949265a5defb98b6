/**
 * Passes one message through a running stack each way, from a Bayeux client to a raw IRC socket and back, on every
 * transport: `node test/support/compose-smoke.ts [http://127.0.0.1:8080] [irc-host] [irc-port]`.
 */
import { randomUUID } from "node:crypto";
import { CometD, type Message } from "cometd";
import { adapt } from "cometd-nodejs-client";
import { RawIrc } from "./raw-irc.ts";
import { waitForHealth } from "./stack.ts";

const WAIT_MS = 15_000;

const [url = "http://127.0.0.1:8080", host = "127.0.0.1", port = "6667"] = process.argv.slice(2);

adapt();
await waitForHealth(url, 60_000);
for (const transport of ["long-polling", "websocket"]) await passThrough(transport);
console.log(`smoke: passed, a message went each way between ${url} and ${host}:${port}`);
process.exit(0); // The adapted XMLHttpRequest keeps idle connections.

async function passThrough(transport: string): Promise<void> {
  const room = `smoke-${randomUUID().slice(0, 8)}`;
  await using irc = await RawIrc.login({ host, port: Number(port) }, `s${randomUUID().slice(0, 6)}`, `#${room}`);
  const cometd = new CometD();
  cometd.configure({ url: `${url}/bayeux`, logLevel: "warn" });
  for (const other of cometd.getTransportTypes()) {
    if (other !== transport) cometd.unregisterTransport(other);
  }
  await succeeds(`${transport} handshake`, (done) => {
    cometd.handshake({ ext: { tailspin: { name: "smoke" } } }, done);
  });
  const heard: Message[] = [];
  const hearing = Promise.withResolvers<void>();
  await succeeds(`${transport} subscribe`, (done) => {
    const listen = (message: Message): void => {
      heard.push(message);
      if (JSON.stringify(message.data) === '{"text":"from irc"}') hearing.resolve();
    };
    cometd.subscribe(`/${room}`, listen, done);
  });
  await succeeds(`${transport} publish`, (done) => {
    cometd.publish(`/${room}`, { text: "from the browser" }, done);
  });
  await irc.waitFor(/ PRIVMSG #\S+ :<smoke> from the browser$/, WAIT_MS);
  irc.say(`#${room}`, "from irc");
  await within(`${transport} message; heard ${JSON.stringify(heard)}`, hearing.promise);
  await succeeds(`${transport} disconnect`, (done) => {
    cometd.disconnect(done);
  });
  console.log(`smoke: ${transport} carried a message each way`);
}

function succeeds(what: string, act: (done: (reply: Message) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  act((reply) => {
    if (reply.successful === true) resolve();
    else reject(new Error(`${what} failed: ${JSON.stringify(reply)}`));
  });
  return within(what, promise);
}

function within(what: string, promise: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: nothing within ${WAIT_MS} ms`)), WAIT_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
