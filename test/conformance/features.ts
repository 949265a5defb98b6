import type { Message } from "cometd";
import { expect, vi } from "vitest";
import type { AlternatingProxy } from "../support/alternating-proxy.ts";
import type { RawIrc } from "../support/raw-irc.ts";
import type { Client, Driver } from "./driver.ts";
import type { Row } from "./rows.ts";

/** What a cell of the table may say; `–` where the client has no such thing. */
export type Cell = "yes" | "refused" | "ignored" | "as text" | "–" | "FAILED";

/** One row's client in the middle of its conversation. */
export interface Talk {
  readonly row: Row;
  readonly client: Client;
  readonly driver: Driver;
  readonly proxy: AlternatingProxy;
  /** Sits in the first room. */
  readonly irc: RawIrc;
  /** Part of the names of all its channels. */
  readonly name: string;
}

/** Looks at one feature. @throws Error where it is neither as it must be nor in a way that the document explains */
export type Feature = (talk: Talk) => Promise<Cell>;

const WAIT_MS = 10_000;
const TEXTS = Array.from({ length: 20 }, (_, index) => `${index} héllo ☃ \u2028 ${"x".repeat(200)}`);

/** The features in the order of a conversation: each goes on where the one before has stopped. */
export const FEATURES: Readonly<Record<string, Feature>> = {
  async handshake({ driver }) {
    expect(await driver.handshake()).toBe("");
    return "yes";
  },
  async subscribe({ driver, name }) {
    expect(await driver.subscribe(`/${name}`)).toBe("");
    return "yes";
  },
  async array({ driver, name }) {
    const channels = [`/${name}-a`, `/${name}-b`];
    expect(await driver.subscribeAll(channels)).toBe("");
    for (const channel of channels) {
      expect(await driver.publish(channel, { text: "to all" })).toBe("");
      await vi.waitFor(async () => expect(await textsIn(driver, channel)).toEqual(["to all"]), WAIT_MS);
    }
    return "yes";
  },
  async wildcard({ driver, name }) {
    expect(await driver.subscribe(`/${name}/*`)).toBe("");
    expect(await driver.publish(`/${name}/any`, { text: "matched" })).toBe("");
    await vi.waitFor(async () => expect(await textsIn(driver, `/${name}/any`)).toEqual(["matched"]), WAIT_MS);
    return "yes";
  },
  async publish({ driver, irc, name }) {
    expect(await driver.publish(`/${name}`, { text: "from a browser" })).toBe("");
    await irc.waitFor((line) => line.endsWith("from a browser"));
    await vi.waitFor(async () => expect(await textsIn(driver, `/${name}`)).toEqual(["from a browser"]), WAIT_MS);
    return "yes";
  },
  async receive({ driver, irc, name, row }) {
    for (const text of TEXTS) irc.say(`#${name}`, text);
    const expected = ["from a browser", ...TEXTS];
    await vi.waitFor(async () => expect(await textsIn(driver, `/${name}`)).toEqual(expected), WAIT_MS);
    expect((await driver.state()).type).toBe(row.transport);
    return "yes";
  },
  async service({ driver, irc, name }) {
    const [channel, room] = [`/service/${name}`, `#service.${name}`];
    await irc.join(room);
    const asked = driver.call(channel, { question: "how many?" });
    const question = await irc.waitFor((line) => line.includes(` PRIVMSG ${room} :`));
    const [, call] = /:\{"call":"([^"]+)",.*"data":\{"question":"how many\?"\}\}$/.exec(question) ?? [];
    irc.say(room, JSON.stringify({ reply: call, data: { answer: 42 } }));
    expect(await asked).toEqual({ outcome: "", answer: { answer: 42 } });
    return "yes";
  },
  async reconnect({ driver, irc, name, proxy, row }) {
    const before = await driver.state();
    proxy.cut();
    // Until then the client, or the server, may not have noticed; without acknowledgements that loses what is under way.
    await vi.waitFor(async () => expect(await driver.publish(`/${name}-a`, { text: "back" })).toBe(""), WAIT_MS);
    irc.say(`#${name}`, "after the cut");
    const expected = ["from a browser", ...TEXTS, "after the cut"];
    await vi.waitFor(async () => expect(await textsIn(driver, `/${name}`)).toEqual(expected), WAIT_MS);
    expect(await driver.state()).toEqual({ ...before, type: row.transport });
    expect(Math.min(...proxy.counts)).toBeGreaterThan(0);
    return "yes";
  },
  async unsubscribe({ driver, irc, name }) {
    expect(await driver.unsubscribe(`/${name}`)).toBe("");
    const before = await textsIn(driver, `/${name}`);
    irc.say(`#${name}`, "unheard");
    await irc.taken();
    expect(await driver.publish(`/${name}-a`, { text: "heard" })).toBe("");
    await vi.waitFor(async () => expect(await textsIn(driver, `/${name}-a`)).toContain("heard"), WAIT_MS);
    expect(await textsIn(driver, `/${name}`)).toEqual(before);
    return "yes";
  },
  async ack({ driver, row }) {
    if (!row.isExtended) return "–";
    const granted = (await driver.seen()).received.find(({ channel }) => channel === "/meta/handshake");
    expect(granted?.ext).toMatchObject({ ack: true });
    await vi.waitFor(async () => {
      const { sent, received } = await driver.seen();
      const last = Math.max(...acksOf(received));
      expect(last).toBeGreaterThan(1);
      expect(acksOf(sent)).toContain(last);
    }, WAIT_MS);
    return "yes";
  },
  async timestamp({ driver, row }) {
    if (!row.isExtended) return "–";
    const { sent } = await driver.seen();
    expect(sent.filter(({ timestamp }) => timestamp === undefined)).toEqual([]);
    return "yes";
  },
  async timesync({ driver, row }) {
    if (!row.isExtended) return "–";
    const { sent, received } = await driver.seen();
    const carried = sent.filter(({ channel, ext }) => channel === "/meta/connect" && fieldOf(ext, "timesync"));
    expect(carried.length).toBeGreaterThan(1);
    return received.some(({ ext }) => fieldOf(ext, "timesync") !== undefined) ? "yes" : "ignored";
  },
  async binary({ driver, row, name }) {
    if (!row.isExtended) return "–";
    const bytes = [0, 1, 2, 253, 254, 255, 10];
    expect(await driver.publishBinary(`/${name}-b`, bytes)).toBe("");
    return vi.waitFor(async () => {
      const [, data] = (await driver.heard()).filter(({ channel }) => channel === `/${name}-b`).map((one) => one.data);
      expect(data).toMatchObject({ last: true });
      if (typeof fieldOf(data, "data") === "string") return "as text";
      expect(fieldOf(data, "bytes")).toEqual(bytes);
      return "yes";
    }, WAIT_MS);
  },
  async reload({ client, driver, irc, name, row }) {
    if (!row.isExtended || !client.reopen) return "–";
    const { clientId } = await driver.state();
    await driver.reload();
    await client.reopen();
    expect(await driver.handshake()).toBe("");
    expect((await driver.state()).clientId).toBe(clientId);
    // A page subscribes again, which changes nothing at the server.
    expect(await driver.subscribe(`/${name}`)).toBe("");
    irc.say(`#${name}`, "after the reload");
    await vi.waitFor(async () => expect(await textsIn(driver, `/${name}`)).toEqual(["after the reload"]), WAIT_MS);
    return "yes";
  },
  async disconnect({ driver, proxy }) {
    const { clientId } = await driver.state();
    expect(await driver.disconnect()).toBe("");
    const connect = [{ channel: "/meta/connect", clientId, connectionType: "long-polling" }];
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${proxy.url}/bayeux`, { method: "POST", headers, body: JSON.stringify(connect) });
    expect(await response.json()).toMatchObject([{ successful: false, error: expect.stringMatching(/^402:/) }]);
    return "yes";
  },
};

async function textsIn(driver: Driver, channel: string): Promise<unknown[]> {
  const heard = (await driver.heard()).filter((one) => one.channel === channel);
  return heard.map(({ data }) => fieldOf(data, "text"));
}

/** The batches that connects confirm, or their replies end. */
function acksOf(messages: readonly Message[]): number[] {
  return messages
    .filter(({ channel }) => channel === "/meta/connect")
    .map(({ ext }) => Number(fieldOf(ext, "ack") ?? 0));
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
