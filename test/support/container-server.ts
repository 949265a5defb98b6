import { GenericContainer, getContainerRuntimeClient, Wait } from "testcontainers";
import { freePorts, OWNER_LABEL, type ServerImage, type ServerPorts } from "./images.ts";
import { waitForAnswer } from "./probes.ts";
import type { TestServer } from "./test-server.ts";

const HOST = "127.0.0.1";
const START_MS = 30_000;

interface PublishedPort {
  readonly container: number;
  readonly host: number;
}

/** Publishes on loopback only, and without the image's health check, whose probes a test would see as clients. */
class LoopbackContainer extends GenericContainer {
  readonly #ports: readonly PublishedPort[];

  constructor(image: string, ports: readonly PublishedPort[]) {
    super(image);
    this.#ports = ports;
  }

  protected override beforeContainerCreated(): Promise<void> {
    this.hostConfig.PortBindings = Object.fromEntries(
      this.#ports.map(({ container, host }) => [`${container}/tcp`, [{ HostIp: HOST, HostPort: String(host) }]]),
    );
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
  readonly otherPorts: Readonly<Record<string, number>>;
  capabilities: readonly string[] = [];
  readonly #container: Container;
  readonly #image: ServerImage;
  #isDisposed = false;

  private constructor(image: ServerImage, ports: ServerPorts, container: Container) {
    this.name = image.name;
    this.port = ports.port;
    this.otherPorts = ports.otherPorts;
    this.#image = image;
    this.#container = container;
  }

  static async start(image: ServerImage): Promise<ContainerServer> {
    const ports = await freePorts(image);
    const published = [
      { container: image.port, host: ports.port },
      ...Object.entries(ports.otherPorts).map(([name, host]) => ({ container: image.otherPorts[name] ?? 0, host })),
    ];
    const started = await new LoopbackContainer(image.tag, published)
      .withExposedPorts(...published)
      .withLabels({ [OWNER_LABEL]: String(process.pid) })
      // Our own question waits for its port: the library's would ask another address where /.dockerenv is.
      .withWaitStrategy(Wait.forSuccessfulCommand("true"))
      .withStartupTimeout(START_MS)
      .start();
    const { container } = await getContainerRuntimeClient();
    const server = new ContainerServer(image, ports, container.getById(started.getId()));
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
    this.capabilities = await waitForAnswer(this.#image.probe, this.host, this.port, () => true);
  }
}
