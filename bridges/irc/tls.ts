import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { IrcConfig } from "./config.ts";

/** How a TLS connection is made, and what is asked of the server's certificate. */
export interface TlsSettings {
  readonly options: ConnectionOptions;
  /** Called before anything is sent. @returns what is wrong with the server's certificate, or null */
  readonly check: (socket: TLSSocket) => Error | null;
}

/** The server's certificate is not the pinned one. */
class FingerprintError extends Error {
  override readonly name = "FingerprintError";
  readonly code = "FINGERPRINT";
}

type FileKey = "caFile" | "certFile" | "keyFile";

/** A PEM file may hold several certificates; the first is enough to see that it is one. */
const FILES: Readonly<Record<FileKey, { readonly what: string; readonly parse: (pem: Buffer) => unknown }>> = {
  caFile: { what: "a certificate in PEM form", parse: (pem) => new X509Certificate(pem) },
  certFile: { what: "a certificate in PEM form", parse: (pem) => new X509Certificate(pem) },
  keyFile: { what: "a private key in PEM form, without a passphrase", parse: (pem) => createPrivateKey(pem) },
};

/**
 * Makes the settings of a connection. The files are read anew each time, so that a renewed certificate needs no restart.
 *
 * @returns null for connections without TLS
 * @throws Error when a file cannot be used
 */
export function tlsSettings(config: IrcConfig): TlsSettings | null {
  if (!config.tls) return null;
  const [ca, cert, key] = (["caFile", "certFile", "keyFile"] as const).map((name) => read(config, name));
  const wanted = config.fingerprint === undefined ? null : normal(config.fingerprint);
  // A pinned certificate may be signed by anybody, itself included; with an own authority, both must be right.
  const isChainChecked = wanted === null || ca !== undefined;
  return {
    options: {
      rejectUnauthorized: isChainChecked,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
    check: (socket) => {
      if (wanted === null) return null;
      const found = socket.getPeerX509Certificate()?.fingerprint256 ?? "no certificate";
      if (normal(found) === wanted) return null;
      return new FingerprintError(`the server's certificate has the SHA-256 fingerprint ${found}`);
    },
  };
}

/** Looks at the files that the configuration names. @returns one line for each that cannot be used */
export function ircFileFaults(config: IrcConfig): readonly string[] {
  return (Object.keys(FILES) as FileKey[]).flatMap((name) => {
    try {
      read(config, name);
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  });
}

function read(config: IrcConfig, name: FileKey): Buffer | undefined {
  const path = config[name];
  if (path === undefined) return undefined;
  const { what, parse } = FILES[name];
  let pem: Buffer;
  try {
    pem = readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Error(`irc.${name} names ${path}, which cannot be read: ${code}`, { cause: error });
  }
  try {
    parse(pem);
  } catch (error) {
    throw new Error(`irc.${name} names ${path}, which is not ${what}`, { cause: error });
  }
  return pem;
}

function normal(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}
