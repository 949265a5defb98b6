import { adapt } from "cometd-nodejs-client";

const NOTHING = { debug: () => {}, info: () => {}, log: () => {}, warn: () => {}, error: () => {} };

let isAdapted = false;

/** Lets the stock package find what a browser has. What it would print about lost connections, its users write down. */
export function adaptOnce(): void {
  if (isAdapted) return;
  isAdapted = true;
  adaptAnew();
}

/** The same, with no cookies yet. */
export function adaptAnew(): void {
  adapt();
  const { window } = globalThis as { window?: object }; // Made by `adapt`.
  if (window) Object.assign(window, { console: NOTHING });
}
