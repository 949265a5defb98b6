import { GenericContainer, getContainerRuntimeClient, Wait } from "testcontainers";
import { freePort } from "./free-port.ts";
import { IRC_PORT_INSIDE, OWNER_LABEL, type ServerImage } from "./images.ts";
import { waitForIrc, type TestServer } from "./test-server.ts";

const HOST = "127.0.0.1";
const START_MS = 30_000;

/** Publishes on loopback only, and without the image's health check, whose probes a test would see as clients. */
class LoopbackContainer extends GenericContainer {
  readonly #port: number;

  constructor(image: string, port: number) {
    super(image);
    this.#port = port;
  }

  protected override beforeContainerCreated(): Promise<void> {
    const bindings = [{ HostIp: HOST, HostPort: String(this.#port) }];
    this.hostConfig.PortBindings = { [`${IRC_PORT_INSIDE}/tcp`]: bindings };
    this.createOpts.Healthcheck = { Test: ["NONE"] };
    return Promise.resolve();
  }
}

type Container = Awaited<ReturnType<typeof getContainerRuntimeClient>>["container"] extends {
  getById(id: string): infer C;
}
  ? C
  : never;

/** A test server in a container of its own, which is removed when it is disposed of. */
export class ContainerServer implements TestServer {
  readonly name: string;
  readonly host = HOST;
  readonly port: number;
  capabilities: readonly string[] = [];
  readonly #container: Container;
  #isDisposed = false;

  private constructor(name: string, port: number, container: Container) {
    this.name = name;
    this.port = port;
    this.#container = container;
  }

  static async start(image: ServerImage): Promise<ContainerServer> {
    const port = await freePort();
    const started = await new LoopbackContainer(image.tag, port)
      .withExposedPorts({ container: IRC_PORT_INSIDE, host: port })
      .withLabels({ [OWNER_LABEL]: String(process.pid) })
      .withWaitStrategy(Wait.forListeningPorts())
      .withStartupTimeout(START_MS)
      .start();
    const { container } = await getContainerRuntimeClient();
    const server = new ContainerServer(image.name, port, container.getById(started.getId()));
    try {
      await server.#waitUntilItAnswers();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  async start(): Promise<void> {
    if ((await this.#state()).Running) return;
    await this.#container.start();
    await this.#waitUntilItAnswers();
  }

  async stop(): Promise<void> {
    if (!(await this.#state()).Running) return;
    await this.#container.stop({ t: 5 });
  }

  async kill(): Promise<void> {
    if (!(await this.#state()).Running) return;
    const gone = this.#container.wait();
    await this.#container.kill();
    await gone;
  }

  async freeze(): Promise<void> {
    await this.#container.pause();
  }

  async thaw(): Promise<void> {
    await this.#container.unpause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if ((await this.#state()).Paused) await this.#container.unpause();
    await this.#container.remove({ force: true, v: true });
  }

  async #state(): Promise<{ Running: boolean; Paused: boolean }> {
    return (await this.#container.inspect()).State;
  }

  async #waitUntilItAnswers(): Promise<void> {
    this.capabilities = await waitForIrc(this.host, this.port, () => true);
  }
}
