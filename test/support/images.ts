import { fileURLToPath } from "node:url";

/** An IRC server that exists as a Debian package, and as an image built from it by a Dockerfile of this repository. */
export interface ServerImage {
  readonly name: "ngircd" | "inspircd";
  /** Folder of the Dockerfile and of the configuration. */
  readonly folder: string;
  readonly tag: string;
}

/** The port that the configurations name; in a container it is published on another one. */
export const IRC_PORT_INSIDE = 6667;

/** Its value is the process id of the test process that a container belongs to. */
export const OWNER_LABEL = "tailspin.test.owner";

/** The servers that the tests need, by name. */
export const IMAGES = { ngircd: image("ngircd"), inspircd: image("inspircd") } as const;

function image(name: ServerImage["name"]): ServerImage {
  return {
    name,
    folder: fileURLToPath(new URL(`../../docker/${name}`, import.meta.url)),
    tag: `tailspin-test-${name}:latest`,
  };
}
