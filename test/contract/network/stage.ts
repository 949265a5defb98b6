import { afterAll, beforeAll } from "vitest";
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
