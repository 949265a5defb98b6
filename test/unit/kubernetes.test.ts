import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadConfig, parseCommand, type ParsedCommand } from "../../cli/index.ts";
import { schemaFor, type Config } from "../../config.ts";
import {
  asNode,
  at,
  containerOf,
  filesOfManifests,
  listAt,
  podOf,
  readManifestFile,
  readManifests,
  readYaml,
  type Manifest,
} from "../support/manifests.ts";

const CONFIG_FOLDER = "/etc/tailspin/";
const API_VERSIONS: Readonly<Record<string, string>> = {
  Namespace: "v1",
  Secret: "v1",
  Service: "v1",
  ServiceAccount: "v1",
  Deployment: "apps/v1",
  StatefulSet: "apps/v1",
  PodDisruptionBudget: "policy/v1",
  NetworkPolicy: "networking.k8s.io/v1",
  Role: "rbac.authorization.k8s.io/v1",
  RoleBinding: "rbac.authorization.k8s.io/v1",
};

const manifests = readManifests();
const workloads = manifests.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");
const ours = workloads.filter((workload) => at(containerOf(workload), "image") === "tailspin");
const root = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

function find(kind: string, name: string): Manifest {
  const found = manifests.find((each) => each.kind === kind && each.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** What a container of ours runs, with what it would be told. */
function commandOf(workload: Manifest): { command: "bridge" | "dispatcher" | "halod"; config: Config } {
  const container = containerOf(workload);
  const parsed: ParsedCommand = parseCommand(listAt(container, "args").map(String));
  const { command } = parsed;
  if (command !== "bridge" && command !== "dispatcher" && command !== "halod") throw new Error(`runs ${command}`);
  const sources = {
    command,
    flags: parsed.flags,
    env: environmentOf(workload),
    readFile: (path: string) => readManifestFile(path.replace(CONFIG_FOLDER, "")),
    cwd: "/app",
  };
  return { command, config: loadConfig(schemaFor(command), sources) };
}

/** As the first pod has it. */
function environmentOf(workload: Manifest): Record<string, string> {
  const fields: Readonly<Record<string, string>> = {
    "metadata.name": `${workload.name}-1`,
    "metadata.labels['apps.kubernetes.io/pod-index']": String(at(workload.body, "spec", "ordinals", "start")),
  };
  const environment: Record<string, string> = {};
  for (const source of listAt(containerOf(workload), "envFrom")) {
    const secret = find("Secret", String(at(source, "secretRef", "name")));
    for (const [key, value] of Object.entries(asNode(at(secret.body, "stringData")))) environment[key] = String(value);
  }
  for (const variable of listAt(containerOf(workload), "env")) {
    const field = at(variable, "valueFrom", "fieldRef", "fieldPath");
    const value = typeof field === "string" ? fields[field] : at(variable, "value");
    const text = String(value).replace(/\$\((\w+)\)/g, (_, name: string) => environment[name] ?? "unknown");
    environment[String(at(variable, "name"))] = text;
  }
  return environment;
}

/** The pods that a selector means. */
function selected(labels: unknown): Manifest[] {
  const wanted = Object.entries(asNode(labels));
  return workloads.filter((each) =>
    wanted.every(([key, value]) => at(podOf(each), "metadata", "labels", key) === value),
  );
}

/** The number of a port of a container, by its name. */
function portOf(workload: Manifest | undefined, name: unknown): unknown {
  const ports = workload ? listAt(containerOf(workload), "ports") : [];
  return at(
    ports.find((port) => at(port, "name") === name),
    "containerPort",
  );
}

function serviceAddress(address: string | undefined): { workload: Manifest | undefined; port: unknown } {
  const [host = "", port = ""] = (address ?? "").split(":");
  const service = find("Service", host.split(".").at(-1) ?? "");
  const [spec] = listAt(service.body, "spec", "ports");
  expect(String(at(spec, "port"))).toBe(port);
  const [workload] = selected(at(service.body, "spec", "selector"));
  return { workload, port: portOf(workload, at(spec, "targetPort")) };
}

describe("docs/kubernetes", () => {
  it("is well-formed, of known kinds, each thing once, and all of it is in the kustomization and in the README", () => {
    for (const { kind, file, name, body } of manifests) {
      expect([file, name, at(body, "apiVersion")]).toEqual([file, name, API_VERSIONS[kind]]);
    }
    expect(new Set(manifests.map(({ kind, name }) => `${kind} ${name}`)).size).toBe(manifests.length);
    const kustomization = readYaml("kustomization.yaml");
    const generated = listAt(kustomization, "configMapGenerator", 0, "files");
    const listed = [...listAt(kustomization, "resources"), ...generated, "kustomization.yaml"].map(String);
    expect(filesOfManifests().filter((file) => file !== "README.md")).toEqual(listed.toSorted());
    for (const file of listed) expect(readManifestFile("README.md")).toContain(`[${file}](${file})`);
  });

  it("runs commands that the image has, with settings that they accept, and no others", () => {
    expect(root("Dockerfile")).toContain('ENTRYPOINT ["node", "cli.ts"]');
    expect(ours.map((workload) => commandOf(workload).command)).toEqual(["halod", "bridge", "dispatcher"]);
    for (const workload of ours) {
      expect(at(containerOf(workload), "command")).toBeUndefined();
      const mounted = listAt(containerOf(workload), "volumeMounts").find((each) => at(each, "name") === "config");
      expect(`${String(at(mounted, "mountPath"))}/`).toBe(CONFIG_FOLDER);
      const volume = listAt(podOf(workload), "spec", "volumes").find((each) => at(each, "name") === "config");
      expect(at(volume, "configMap", "name")).toBe(at(readYaml("kustomization.yaml"), "configMapGenerator", 0, "name"));
    }
  });

  it("takes images that are built from here", () => {
    const images = listAt(readYaml("kustomization.yaml"), "images").map((image) => at(image, "name"));
    const used = workloads.map((workload) => at(containerOf(workload), "image"));
    expect(new Set(images)).toEqual(new Set(used));
    expect(root("docker/inspircd/Dockerfile")).toContain("USER irc");
  });

  it("has tiers listen where their ports, Services and probes say, and look for each other there", () => {
    for (const workload of ours) {
      const { command, config } = commandOf(workload);
      const { host, port } = config[command];
      const declared = listAt(containerOf(workload), "ports").map((each) => at(each, "containerPort"));
      expect([host, declared]).toEqual(["0.0.0.0", [port]]);
      for (const probe of ["startupProbe", "readinessProbe"]) {
        const pattern = at(containerOf(workload), probe, "exec", "command", 2);
        if (pattern === undefined) continue;
        expect(pattern).toBe(`:${port.toString(16).toUpperCase().padStart(4, "0")} [0-9A-F]+:[0-9A-F]+ 0A `);
      }
      if (command === "halod") continue;
      expect(serviceAddress(config[command].halod[0])).toEqual({ workload: find("StatefulSet", "halod"), port: 7_071 });
    }
    const { config } = commandOf(find("StatefulSet", "bridge"));
    expect(config.bridge).toMatchObject({ node: 1, advertise: "bridge-1.bridge:7070" });
    expect(serviceAddress(config.bridge.advertise).port).toBe(config.bridge.port);
    expect(serviceAddress(`${config.irc.host}:${config.irc.port}`).workload).toBe(find("Deployment", "irc"));
    expect(root("docker/inspircd/inspircd.conf")).toContain(`port="${config.irc.port}"`);
    expect(serviceAddress("dispatcher:80").port).toBe(config.dispatcher.port);
  });

  it("gives each bridge the name that it tells, before it is ready, and lets HaloD say how many there are", () => {
    const { body } = find("StatefulSet", "bridge");
    expect(at(body, "spec", "replicas")).toBeUndefined();
    expect(at(body, "spec", "ordinals", "start")).toBe(1);
    const service = find("Service", String(at(body, "spec", "serviceName")));
    expect(at(service.body, "spec")).toMatchObject({ clusterIP: "None", publishNotReadyAddresses: true });
  });

  it("has HaloD run what is mounted, with the right to do what it does, and keep its table on a volume", () => {
    const halod = find("StatefulSet", "halod");
    const { autoscale, file } = commandOf(halod).config.halod;
    for (const command of [autoscale.start, autoscale.stop])
      expect(command).toEqual(["node", `${CONFIG_FOLDER}scale.mjs`]);
    const [rule] = listAt(find("Role", "scale-bridges").body, "rules");
    expect(rule).toEqual({
      apiGroups: ["apps"],
      resources: ["statefulsets/scale"],
      resourceNames: [find("StatefulSet", "bridge").name],
      verbs: ["patch"],
    });
    const { body } = find("RoleBinding", "scale-bridges");
    expect([at(body, "roleRef", "name"), at(body, "subjects", 0, "name")]).toEqual(["scale-bridges", "halod"]);
    expect(find("ServiceAccount", String(at(podOf(halod), "spec", "serviceAccountName"))).name).toBe("halod");
    const mounts = listAt(containerOf(halod), "volumeMounts");
    const folder = mounts.find(
      (mount) => at(mount, "name") === at(halod.body, "spec", "volumeClaimTemplates", 0, "metadata", "name"),
    );
    expect(file.startsWith(`${String(at(folder, "mountPath"))}/`)).toBe(true);
  });

  it("gives everybody the time that a clean stop takes", () => {
    for (const workload of ours) {
      const { config } = commandOf(workload);
      const graceMs = Number(at(podOf(workload), "spec", "terminationGracePeriodSeconds")) * 1_000;
      const [program, seconds = 0] = listAt(containerOf(workload), "lifecycle", "preStop", "exec", "command");
      expect([undefined, "sleep"]).toContain(program);
      expect(graceMs).toBeGreaterThan(config.drainTimeoutMs + Number(seconds) * 1_000);
    }
  });

  it("runs nobody as root, and keeps variables of Services from looking like settings", () => {
    for (const workload of workloads) {
      const spec = at(podOf(workload), "spec");
      expect([workload.name, at(spec, "enableServiceLinks")]).toEqual([workload.name, false]);
      expect(at(spec, "securityContext")).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(Number(at(spec, "securityContext", "runAsUser"))).toBeGreaterThan(0);
      const confined = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
      expect(at(containerOf(workload), "securityContext")).toMatchObject(confined);
    }
    expect(manifests.filter(({ kind, name }) => kind === "Service" && name.startsWith("tailspin"))).toEqual([]);
  });

  it("means pods that there are, by labels that they have", () => {
    for (const workload of workloads) {
      expect(selected(at(workload.body, "spec", "selector", "matchLabels"))).toEqual([workload]);
    }
    for (const budget of manifests.filter(({ kind }) => kind === "PodDisruptionBudget")) {
      expect(selected(at(budget.body, "spec", "selector", "matchLabels"))).toHaveLength(1);
    }
  });

  it("lets open connections who needs them, to ports that there are", () => {
    const allowed = manifests
      .filter(({ kind, name }) => kind === "NetworkPolicy" && name !== "nobody")
      .map(({ name, body }) => {
        const [to] = selected(at(body, "spec", "podSelector", "matchLabels"));
        const [rule] = listAt(body, "spec", "ingress");
        expect(portOf(to, at(rule, "ports", 0, "port"))).toBeDefined();
        const from = listAt(rule, "from").flatMap((peer) => {
          const [expression] = listAt(peer, "podSelector", "matchExpressions");
          return expression
            ? listAt(expression, "values")
            : Object.values(asNode(at(peer, "podSelector", "matchLabels")));
        });
        return `${name} from ${from.join(", ") || "everybody"}`;
      });
    expect(at(find("NetworkPolicy", "nobody").body, "spec")).toEqual({ podSelector: {}, policyTypes: ["Ingress"] });
    expect(allowed).toEqual([
      "dispatcher from everybody",
      "bridge from dispatcher",
      "halod from bridge, dispatcher",
      "irc from bridge, true",
    ]);
  });
});
