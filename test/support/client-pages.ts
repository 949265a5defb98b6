import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { fileURLToPath } from "node:url";

const file = (name: string) => readFileSync(fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url)));

/** Each client with the same few verbs, so that one test can drive both. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>client</title>
<script src="/faye.js"></script>
<script type="module">
  import { CometD } from "/cometd/cometd.js";
  const heard = [];
  const faye = ({ url, off }) => {
    const client = new Faye.Client(url, { retry: 1, timeout: 20 });
    for (const type of off) client.disable(type);
    return {
      type: () => client._dispatcher.connectionType,
      subscribe: (channel) => client.subscribe(channel, (data) => heard.push(data)).then(() => true),
      publish: (channel, data) => client.publish(channel, data).then(() => true),
      disconnect: () => client.disconnect(),
    };
  };
  const cometd = ({ url, off }) => {
    const client = new CometD();
    client.configure({ url, logLevel: "warn" });
    for (const type of off) client.unregisterTransport(type);
    const shaken = new Promise((done) => client.handshake((reply) => done(reply.successful)));
    const ask = (act) => new Promise((done) => act((reply) => done(reply.successful)));
    return {
      type: () => client.getTransport().type,
      subscribe: async (channel) =>
        (await shaken) && ask((done) => client.subscribe(channel, ({ data }) => heard.push(data), done)),
      publish: (channel, data) => ask((done) => client.publish(channel, data, done)),
      disconnect: () => ask((done) => client.disconnect(done)),
    };
  };
  window.heard = heard;
  window.start = (options) => (window.client = { faye, cometd }[options.family](options));
</script>`;

/** Serves a page with the unmodified browser clients of Faye and CometD. */
export const serveClientPages: RequestListener = ({ url = "" }, response) => {
  const module = /^\/cometd\/\w+\.js$/.exec(url);
  const script = url === "/faye.js" ? file("faye/client/faye-browser.js") : module && file(url.slice(1));
  if (!script && url !== "/") {
    response.writeHead(404).end();
    return;
  }
  const type = script ? "text/javascript" : "text/html";
  response.writeHead(200, { "content-type": `${type};charset=UTF-8` }).end(script ?? PAGE);
};

/** The same pages on an origin of their own. */
export class PageServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(pages: RequestListener = serveClientPages): Promise<PageServer> {
    const server = createServer(pages);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new PageServer(server);
  }

  /** Another site than 127.0.0.1, to a browser. */
  get origin(): string {
    const address = this.#server.address();
    if (typeof address !== "object" || !address) throw new Error("the page server does not listen");
    return `http://localhost:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
