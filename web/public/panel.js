import { byId } from "./dom.js";

/** On narrow pages people and rooms slide over the messages; on wide ones they are beside them, and this does nothing. */
export class Panel {
  #panel = byId("panel", HTMLElement);
  #main = byId("main", HTMLElement);
  #open = byId("open-panel", HTMLButtonElement);
  #close = byId("close-panel", HTMLButtonElement);

  constructor() {
    this.#open.addEventListener("click", () => (this.#isOpen ? this.close() : this.open()));
    this.#close.addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#isOpen && this.close());
    matchMedia("(min-width: 800px)").addEventListener("change", () => this.close());
  }

  get #isOpen() {
    return this.#panel.classList.contains("open");
  }

  open() {
    this.#set(true);
    this.#close.focus();
  }

  close() {
    if (!this.#isOpen) return;
    this.#set(false);
    this.#open.focus();
  }

  /** @param {boolean} isOpen */
  #set(isOpen) {
    this.#panel.classList.toggle("open", isOpen);
    this.#main.inert = isOpen;
    this.#open.setAttribute("aria-expanded", `${isOpen}`);
  }
}
