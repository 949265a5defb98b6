import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand, type CommandEnd } from "../../halod/command.ts";
import { MANIFESTS } from "../support/manifests.ts";
import { makeAuthority } from "../support/server-variants.ts";

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

describe("docs/kubernetes/scale.mjs", () => {
  let folder = "";
  let server: Server;
  let api = "";
  let status = 200;
  const asked: Asked[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tailspin-scale-"));
    const authority = await makeAuthority(folder);
    const { certFile, keyFile } = await authority.issue("127.0.0.1");
    const account = join(folder, "account");
    await mkdir(account);
    await writeFile(join(account, "ca.crt"), await readFile(authority.certFile));
    await writeFile(join(account, "token"), "a-token\n");
    await writeFile(join(account, "namespace"), "tailspin");
    server = createServer({ cert: await readFile(certFile), key: await readFile(keyFile) }, (request, response) => {
      void text(request).then((body) => {
        const { method, url, headers } = request;
        const { authorization, "content-type": type } = headers;
        asked.push({ method, url, type, authorization, body: JSON.parse(body) });
        response.writeHead(status, { "content-type": "application/json" }).end('{"kind":"Scale"}');
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    api = `https://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** As HaloD runs it. */
  function run(wanted: string): Promise<CommandEnd> {
    return runCommand({
      command: [process.execPath, join(MANIFESTS, "scale.mjs")],
      environment: { HALOD_WANTED: wanted, SCALE_API: api, SCALE_ACCOUNT: join(folder, "account") },
      timeoutMs: 20_000,
      signal: new AbortController().signal,
    });
  }

  it("sets the number of pods, as the service account, at a server that it can trust", async () => {
    expect(await run("5")).toEqual({ failure: null, output: "bridge is to have 5 pods" });
    expect(asked.at(-1)).toEqual({
      method: "PATCH",
      url: "/apis/apps/v1/namespaces/tailspin/statefulsets/bridge/scale",
      type: "application/merge-patch+json",
      authorization: "Bearer a-token",
      body: { spec: { replicas: 5 } },
    });
  });

  it("fails, and says why, where it may not, or is not told a number", async () => {
    status = 403;
    const refused = await run("5");
    expect(refused.failure).toBe("ended with 1");
    expect(refused.output).toContain('statefulsets/bridge/scale: 403 {"kind":"Scale"}');
    const before = asked.length;
    for (const wanted of ["", "0", "-1", "five"])
      expect((await run(wanted)).output).toContain("not a number of bridges");
    expect(asked).toHaveLength(before);
  });
});
