/** The page's title; while the page is hidden it counts what comes in. */
export class Title {
  #text = document.title;
  #unread = 0;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      this.#unread = 0;
      this.#show();
    });
  }

  /** @param {string} text */
  set(text) {
    this.#text = text;
    this.#unread = 0;
    this.#show();
  }

  count() {
    if (!document.hidden) return;
    this.#unread += 1;
    this.#show();
  }

  #show() {
    document.title = this.#unread > 0 ? `(${this.#unread}) ${this.#text}` : this.#text;
  }
}
