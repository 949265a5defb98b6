import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { connect } from "node:net";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { allPaints } from "../../../halod/index.ts";
import { pages } from "../../../web/index.ts";

let server: Server;
let origin: string;
/** What was opened for the answers so far. */
const files: Readable[] = [];

beforeAll(async () => {
  const serve = pages({ ircAddress: "irc.example.org:6697", paints: allPaints() });
  server = createServer((request, response) => {
    response.once("pipe", (source: Readable) => files.push(source));
    serve(request, response, () => response.writeHead(404).end(`${request.url} ${request.headers.range ?? "-"}`));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  origin = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("pages", () => {
  it("serves the chat page, whatever the room", async () => {
    const response = await fetch(`${origin}/?room=lobby`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(await response.text()).toContain('src="/chat.js"');
  });

  it("tells the page where IRC is, and that it does not know where nobody said", async () => {
    expect(await (await fetch(`${origin}/network.json`)).json()).toEqual({ irc: "irc.example.org:6697" });
    const unknown = createServer((request, response) =>
      pages()(request, response, () => response.writeHead(404).end()),
    );
    await once(unknown.listen(0, "127.0.0.1"), "listening");
    const address = unknown.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(await (await fetch(`http://127.0.0.1:${port}/network.json`)).json()).toEqual({ irc: null });
    unknown.closeAllConnections();
    unknown.close();
  });

  it.each(["/", "/halo", "/halo/"])(
    "serves every file that the page at %s names, under the same policy",
    async (page) => {
      const response = await fetch(`${origin}${page}`);
      expect(response.headers.get("content-security-policy")).toContain("default-src 'self';");
      const html = await response.text();
      const paths = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map((match) => match[1]);
      expect(paths).toContain("/cometd/cometd.js");
      for (const path of paths) expect([path, (await fetch(`${origin}${path}`)).status]).toEqual([path, 200]);
      expect(html).not.toMatch(/https?:\/\/|style="|<style|onclick/);
    },
  );

  it("tells the page of the stack how HaloD paints", async () => {
    const text = await (await fetch(`${origin}/halo/paints.json`)).text();
    const { paints, definitions }: ReturnType<typeof allPaints> = JSON.parse(text);
    expect([paints.length, paints[0]]).toEqual([32, { fill: "#0072b2", ink: "#ffffff", isPlain: true }]);
    for (const { fill } of paints) {
      const pattern = /^url\(#(\w+)\)$/.exec(fill)?.[1];
      if (pattern !== undefined) expect(definitions).toContain(`<pattern id="${pattern}"`);
    }
  });

  it("serves the modules of cometd, and nothing else of that package", async () => {
    const response = await fetch(`${origin}/cometd/AckExtension.js`);
    expect(response.headers.get("content-type")).toMatch(/javascript/);
    expect(await response.text()).toContain("class AckExtension");
    for (const path of ["package.json", "cometd.d.ts", "", "../pino/pino.js", "%2e%2e/pino/pino.js"]) {
      expect([path, (await fetch(`${origin}/cometd/${path}`)).status]).toEqual([path, 404]);
    }
  });

  it("sends the headers that keep foreign code out", async () => {
    const { headers } = await fetch(`${origin}/`);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain(`connect-src 'self' ws://${new URL(origin).host} wss://${new URL(origin).host};`);
    expect(policy).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  it("puts no foreign Host header into the policy", async () => {
    const sent = request(`${origin}/`, { headers: { host: "a; script-src *" } }).end();
    const [response] = await once(sent, "response");
    response.resume();
    expect(response.headers["content-security-policy"]).toContain("connect-src 'self';");
  });

  it("asks browsers to check again, and answers 304 when nothing changed", async () => {
    const first = await fetch(`${origin}/chat.js`);
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const headers = { "if-none-match": first.headers.get("etag") ?? "" };
    expect((await fetch(`${origin}/chat.js`, { headers })).status).toBe(304);
  });

  it("leaves unknown paths and other methods to the next handler, as they came", async () => {
    const unknown = await fetch(`${origin}/cometd/none.js?x=1`, { headers: { range: "bytes=0-1" } });
    expect(await unknown.text()).toBe("/cometd/none.js?x=1 bytes=0-1");
    expect(unknown.headers.get("content-security-policy")).toBeNull();
    expect((await fetch(`${origin}/`, { method: "POST" })).status).toBe(404);
    expect((await fetch(`${origin}/`, { method: "HEAD" })).status).toBe(200);
  });

  it.each(["bytes=10-5", "bytes=-5", "bytes=99999999-", "nonsense"])(
    "sends the whole file for range %s",
    async (range) => {
      const response = await fetch(`${origin}/chat.js`, { headers: { range } });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain("followViewport();");
    },
  );

  it.each(["/%", "/%00", "/..%2f..%2fpackage.json", "//", "/?%"])("survives the path %s", async (path) => {
    const sent = request({ port: new URL(origin).port, host: "127.0.0.1", path }).end();
    const [response] = await once(sent, "response");
    response.resume();
    expect([200, 404]).toContain(response.statusCode);
  });

  it("closes the files when a browser goes away without reading", async () => {
    const socket = connect(Number(new URL(origin).port), "127.0.0.1").pause();
    // Enough to fill every buffer on the way, so that the last files cannot be read to their end.
    socket.write("GET /cometd/Client.js HTTP/1.1\r\nHost: a\r\n\r\n".repeat(500));
    await vi.waitFor(() => expect(files.filter((file) => file.isPaused()).length).toBeGreaterThan(400));
    socket.destroy();
    await vi.waitFor(() => expect(files.every((file) => file.destroyed)).toBe(true));
  });

  it("drops the connection, and nothing else, when a file cannot be read", async () => {
    const sent = request(`${origin}/cometd/Client.js`).end();
    server.once("request", () => files.at(-1)?.destroy(new Error("too many open files")));
    await expect(once(sent, "response")).rejects.toThrow(/hang up|reset/);
    expect((await fetch(`${origin}/`)).status).toBe(200);
  });
});
