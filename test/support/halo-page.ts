import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { calmNetwork } from "./calm-network.ts";

/** What Chromium itself says when a server is away; everything else on the console is a fault of ours. */
const NETWORK_FAILURE = /WebSocket connection to|Failed to load resource|net::ERR_/;

/** The page of the stack, as somebody looks at it. */
export class HaloPage implements AsyncDisposable {
  readonly page: Page;
  readonly #errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.#errors.push(message.text());
    });
    page.on("pageerror", (error) => this.#errors.push(error.message));
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<HaloPage> {
    const context = await browser.newContext(options);
    const halo = new HaloPage(await context.newPage());
    await calmNetwork();
    await halo.page.goto(`${url}/halo`);
    return halo;
  }

  /** The errors that are not Chromium's own report of a server that is away. */
  get faults(): string[] {
    return this.#errors.filter((text) => !NETWORK_FAILURE.test(text));
  }

  state(): Promise<string | null> {
    return this.page.getByTestId("state").textContent();
  }

  /** Each bridge as `1 active 512`: its number, its state, and how many routes the table says that it owns. */
  bridges(): Promise<string[]> {
    return this.page
      .getByTestId("bridge")
      .evaluateAll((rows) =>
        rows.map((row) =>
          [
            row.dataset["node"],
            ...["state", "routes"].map((name) => row.querySelector(`[data-of=${name}]`)?.textContent),
          ].join(" "),
        ),
      );
  }

  /** A cell of a bridge's row. */
  async cell(node: number, name: "sessions" | "heard" | "delivered"): Promise<string> {
    const row = this.page.locator(`[data-testid=bridge][data-node="${node}"]`);
    return (await row.locator(`[data-of=${name}]`).textContent()) ?? "";
  }

  /** How many routes the newest ring has in each bridge's colour. */
  async ring(): Promise<Record<string, number>> {
    const drawn = await this.page
      .locator("#ring-drawn [data-age='0'] [data-node]")
      .evaluateAll((paths) => paths.map((path) => [path.dataset["node"], Number(path.dataset["routes"])] as const));
    return Object.fromEntries(drawn);
  }

  /** How many routes are marked as those that moved last. */
  async moved(): Promise<number> {
    return Number(await this.page.getByTestId("moved").getAttribute("data-routes"));
  }

  /** What happened, the newest first. */
  events(): Promise<string[]> {
    return this.page.locator("[data-testid=event] .what").allTextContents();
  }

  dispatchers(): Promise<string[]> {
    return this.page.getByTestId("dispatcher").evaluateAll((rows) => rows.map((row) => row.innerText.trim()));
  }

  /** Pixels by which something is wider than the screen. */
  overflow(): Promise<number> {
    return this.page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
  }

  /** For whoever looks into a failure. @returns where it is, in the system's temporary folder */
  async screenshot(): Promise<string> {
    const path = join(tmpdir(), `tailspin-halo-${Date.now()}.png`);
    await this.page.screenshot({ path, fullPage: true });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
