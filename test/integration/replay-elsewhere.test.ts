import { describe, expect, it, vi } from "vitest";
import type { Message } from "cometd";
import { FIXTURES } from "../contract/network/fixtures.ts";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { LocalStack } from "../support/local-stack.ts";

const ROOM = "/moved";
const WAIT = { timeout: 15_000, interval: 5 };
const SAID = Array.from({ length: 10 }, (_, n) => `line ${n}`);

describe("a browser that was at one bridge, and goes on at another", () => {
  it.for([FIXTURES.ngircd, FIXTURES.inspircd, FIXTURES.embedded, FIXTURES.prosody])(
    "has what it missed by the id of what it heard last, on $name",
    async (fixture) => {
      await using server = await fixture.startServer();
      await using bob = await fixture.makeOutsider(server, "bob");
      await bob.join(ROOM);
      const stack = (node: number): Promise<LocalStack> =>
        LocalStack.start({ network: fixture.makeNetwork(server, node) });
      await using there = await stack(2);
      await using here = await stack(1);
      const open = ({ dispatchers }: LocalStack): Promise<CometdClient> =>
        CometdClient.open(`http://127.0.0.1:${dispatchers[0]?.port}`, { transport: "websocket" });
      await using alice = await open(here);
      await using carol = await open(there);
      const heardHere = await alice.subscribe(ROOM);
      const heardThere = await carol.subscribe(ROOM);
      for (const text of SAID) bob.say(ROOM, text);
      await vi.waitFor(() => expect([textsOf(heardHere), textsOf(heardThere)]).toEqual([SAID, SAID]), WAIT);
      expect(heardThere.map(idOf)).toEqual(heardHere.map(idOf));

      await alice[Symbol.asyncDispose]();
      await here[Symbol.asyncDispose]();
      const last = heardHere[4];
      await using again = await open(there);
      const heardAgain = await again.subscribe(ROOM, { replay: { [ROOM]: idOf(last) } });
      bob.say(ROOM, "and on");
      await vi.waitFor(() => expect(textsOf(heardAgain)).toEqual([...SAID.slice(5), "and on"]), WAIT);
    },
  );
});

function idOf(message: Message | undefined): string {
  const ext = message?.ext as { readonly tailspin?: { readonly id?: string } } | undefined;
  if (ext?.tailspin?.id === undefined) throw new Error("a message without an id");
  return ext.tailspin.id;
}
