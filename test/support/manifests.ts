import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseAllDocuments, parseDocument } from "yaml";

/** Where the manifests are. */
export const MANIFESTS = fileURLToPath(new URL("../../docs/kubernetes/", import.meta.url));

/** Whatever is in a manifest; a test says what it expects there. */
export type Node = Readonly<Record<string, unknown>>;

export interface Manifest {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  readonly body: Node;
}

/** What `kubectl apply -k` would apply. @throws Error for YAML that is not well-formed, or says a key twice */
export function readManifests(): Manifest[] {
  return listAt(readYaml("kustomization.yaml"), "resources").flatMap((file) => {
    const documents = parseAllDocuments(readManifestFile(String(file)), { uniqueKeys: true });
    return [...documents].map((document) => {
      const fault = document.errors[0] ?? document.warnings[0];
      if (fault) throw new Error(`${String(file)}: ${fault.message}`, { cause: fault });
      const body = asNode(document.toJS());
      return { file: String(file), kind: String(body["kind"]), name: String(at(body, "metadata", "name")), body };
    });
  });
}

export function readYaml(file: string): Node {
  const document = parseDocument(readManifestFile(file));
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) throw new Error(`${file}: ${fault.message}`, { cause: fault });
  return asNode(document.toJS());
}

export function readManifestFile(file: string): string {
  return readFileSync(`${MANIFESTS}${file}`, "utf8");
}

export function filesOfManifests(): string[] {
  return readdirSync(MANIFESTS).toSorted();
}

/** The value at a path; undefined where there is none. */
export function at(node: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((value, step) => {
    return typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
  }, node);
}

/** A list, also where there is none. */
export function listAt(node: unknown, ...path: (string | number)[]): unknown[] {
  const value = at(node, ...path);
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${path.join(".")} is no list`);
  return value;
}

/** The pod that a Deployment or a StatefulSet makes. */
export function podOf({ body }: Manifest): Node {
  return asNode(at(body, "spec", "template"));
}

/** The first of its containers: ours have one. */
export function containerOf(manifest: Manifest): Node {
  return asNode(listAt(podOf(manifest), "spec", "containers")[0]);
}

export function asNode(value: unknown): Node {
  if (typeof value !== "object" || value === null) throw new Error(`${String(value)} is no mapping`);
  return { ...value };
}
