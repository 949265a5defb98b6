import { z } from "zod";

/** `host:port`, with IPv6 addresses in brackets. */
const ADDRESS = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):(\d{1,5})$/;

/** Where a process of ours is reached, as it is written in a configuration. */
export const addressSchema = z
  .string()
  .refine((text) => Number(ADDRESS.exec(text)?.[1] ?? 65_536) <= 65_535, "must be host:port, such as 127.0.0.1:7070");

/** Takes one apart; IPv6 addresses are written in brackets, and named without. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}

/** Puts one together. */
export function joinAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
