import { afterAll, afterEach, beforeAll } from "vitest";
import type { Network } from "../../../bridges/network.ts";
import type { TestServer } from "../../support/test-server.ts";
import type { NetworkFixture, NetworkTimes, Outsider } from "./fixture.ts";
import { RecordingInbox } from "./inbox.ts";

/** One started network and what it told. */
export interface Started extends AsyncDisposable {
  readonly network: Network;
  readonly inbox: RecordingInbox;
}

/** What the tests of one part share: a server, and fresh names. */
export interface Stage {
  readonly server: TestServer;
  /** A network that is up, on a node number of its own. */
  network(times?: NetworkTimes): Promise<Started>;
  /** Somebody with an ordinary client, and a nick that begins like this. */
  outsider(stem: string): Promise<Outsider>;
  /** A channel that no other test uses. */
  channel(): string;
}

/** Of a test that stops the server, where others run side by side. */
export const ALONE = { concurrent: false } as const;

let count = 0;

/** Sets up a stage with a server of its own for the tests of one `describe`. */
export function useStage(fixture: NetworkFixture): Stage {
  let server: TestServer | undefined;
  const running = (): TestServer => {
    if (server === undefined) throw new Error("the server is not started");
    return server;
  };
  beforeAll(async () => {
    server = await fixture.startServer();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  // A test that failed while the server was away does not take the others with it.
  afterEach(async () => {
    await server?.start();
  });
  return {
    get server() {
      return running();
    },
    async network(times) {
      const network = fixture.makeNetwork(running(), (count += 1), times);
      const inbox = new RecordingInbox();
      network.start(inbox);
      await inbox.isUp();
      return { network, inbox, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
    },
    outsider: (stem) => fixture.makeOutsider(running(), `${stem}${(count += 1)}`),
    channel: () => `/room${(count += 1)}/Main`,
  };
}

/** Two bridges and a person in one channel. */
export interface Company {
  readonly channel: string;
  readonly one: Started;
  readonly two: Started;
  readonly bob: Outsider;
}

/** Sets up a company that all tests of one `describe` share; what they say stays in its inboxes. */
export function useCompany(stage: Stage): Company {
  let company: Company | undefined;
  beforeAll(async () => {
    const channel = stage.channel();
    const bob = await stage.outsider("bob");
    await bob.join(channel);
    company = { channel, bob, one: await stage.network(), two: await stage.network() };
    await company.one.network.join(channel);
    await company.two.network.join(channel);
  });
  afterAll(async () => {
    await company?.one[Symbol.asyncDispose]();
    await company?.two[Symbol.asyncDispose]();
    await company?.bob[Symbol.asyncDispose]();
  });
  const present = (): Company => {
    if (company === undefined) throw new Error("the company has not met");
    return company;
  };
  return {
    get channel() {
      return present().channel;
    },
    get one() {
      return present().one;
    },
    get two() {
      return present().two;
    },
    get bob() {
      return present().bob;
    },
  };
}
