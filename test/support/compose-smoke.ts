/**
 * Passes messages through a running stack, on every transport: from a Bayeux client to a person on each server given, and back.
 * `node test/support/compose-smoke.ts [http://127.0.0.1:8080 [irc://127.0.0.1:6667 xmpp://127.0.0.1:5222]]`
 */
import { randomUUID } from "node:crypto";
import { CometD, type Message } from "cometd";
import { adapt } from "cometd-nodejs-client";
import { RawIrc } from "./raw-irc.ts";
import { RawRoom } from "./raw-room.ts";
import { RawXmpp } from "./raw-xmpp.ts";
import { waitForHealth } from "./stack.ts";
import { textOf, childOf } from "./xml-stream.ts";
import { XMPP_SERVICE } from "./xmpp-service.ts";

const WAIT_MS = 15_000;
/** The account that docker-compose.yml has for people. */
const ANN = { user: "ann", password: "ann-demo" };

/** Somebody who talks in a channel without a browser. */
interface Person extends AsyncDisposable {
  readonly channel: string;
  say(text: string): void;
  /** Resolves when he hears this from the browser called `smoke`. */
  hears(text: string): Promise<unknown>;
}

type Address = Readonly<{ host: string; port: number }>;

const PEOPLE: Readonly<Record<string, (address: Address, room: string) => Promise<Person>>> = {
  "irc:": ircPerson,
  "xmpp:": xmppPerson,
};

const [url = "http://127.0.0.1:8080", ...given] = process.argv.slice(2);
const servers = given.length > 0 ? given : ["irc://127.0.0.1:6667", "xmpp://127.0.0.1:5222"];

adapt();
await waitForHealth(url, 60_000);
for (const transport of ["long-polling", "websocket"]) await passThrough(transport);
console.log(`smoke: passed, a message went each way between ${url} and each of ${servers.join(", ")}`);
process.exit(0); // The adapted XMLHttpRequest keeps idle connections.

async function passThrough(transport: string): Promise<void> {
  const cometd = new CometD();
  cometd.configure({ url: `${url}/bayeux`, logLevel: "warn" });
  for (const other of cometd.getTransportTypes()) {
    if (other !== transport) cometd.unregisterTransport(other);
  }
  await succeeds(`${transport} handshake`, (done) => {
    cometd.handshake({ ext: { tailspin: { name: "smoke" } } }, done);
  });
  const room = `smoke-${randomUUID().slice(0, 8)}`;
  for (const server of servers) await talk(`${transport}, ${server}:`, cometd, server, room);
  await succeeds(`${transport} disconnect`, (done) => {
    cometd.disconnect(done);
  });
}

async function talk(where: string, cometd: CometD, server: string, room: string): Promise<void> {
  const { protocol, hostname, port } = new URL(server);
  const meet = PEOPLE[protocol];
  if (meet === undefined) throw new Error(`${server} must begin with irc:// or xmpp://`);
  await using person = await meet({ host: hostname, port: Number(port) }, room);
  const heard: Message[] = [];
  const hearing = Promise.withResolvers<void>();
  const answer = randomUUID();
  await succeeds(`${where} subscribe`, (done) => {
    const listen = (message: Message): void => {
      heard.push(message);
      if (JSON.stringify(message.data) === JSON.stringify({ text: answer })) hearing.resolve();
    };
    cometd.subscribe(person.channel, listen, done);
  });
  const question = randomUUID();
  await succeeds(`${where} publish`, (done) => {
    cometd.publish(person.channel, { text: question }, done);
  });
  await person.hears(question);
  person.say(answer);
  await within(() => `${where} the answer; heard ${JSON.stringify(heard)}`, hearing.promise);
  console.log(`smoke: ${where} a message each way`);
}

async function ircPerson(address: Address, room: string): Promise<Person> {
  const irc = await RawIrc.login(address, `s${randomUUID().slice(0, 6)}`, `#${room}`);
  return {
    channel: `/${room}`,
    say: (text) => irc.say(`#${room}`, text),
    hears: (text) => irc.waitFor(new RegExp(` PRIVMSG #${room} :<smoke> ${text}$`), WAIT_MS),
    [Symbol.asyncDispose]: () => irc[Symbol.asyncDispose](),
  };
}

/** Ann, in a room below `/xmpp`, as docker/tailspin.yml maps it. */
async function xmppPerson(address: Address, room: string): Promise<Person> {
  const xmpp = await RawXmpp.login(address, ANN);
  const muc = new RawRoom(xmpp, `${room}@${XMPP_SERVICE.mucDomain}`, "ann");
  await muc.join();
  return {
    channel: `/xmpp/${room}`,
    say: (text) => muc.say(text),
    hears: (text) => xmpp.waitFor((stanza) => textOf(childOf(stanza, "body")) === `<smoke> ${text}`, text, WAIT_MS),
    [Symbol.asyncDispose]: () => xmpp[Symbol.asyncDispose](),
  };
}

function succeeds(what: string, act: (done: (reply: Message) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  act((reply) => {
    if (reply.successful === true) resolve();
    else reject(new Error(`${what} failed: ${JSON.stringify(reply)}`));
  });
  return within(() => what, promise);
}

function within(what: () => string, promise: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what()}: nothing within ${WAIT_MS} ms`)), WAIT_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
