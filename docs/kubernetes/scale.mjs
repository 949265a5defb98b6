/**
 * Starts and stops bridges for HaloD's autoscaler: sets how many pods their StatefulSet has. It runs in HaloD's pod and
 * needs the rights of its service account, which `halod.yaml` gives.
 */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { env, exit, stderr, stdout } from "node:process";

const TIMEOUT_MS = 20_000;
const {
  HALOD_WANTED: wanted = "",
  SCALE_API: api = "https://kubernetes.default.svc",
  SCALE_ACCOUNT: account = "/var/run/secrets/kubernetes.io/serviceaccount",
  SCALE_STATEFUL_SET: statefulSet = "bridge",
} = env;

/** @param {string} text @returns {never} */
function fail(text) {
  stderr.write(`${text}\n`);
  exit(1);
}

if (!/^[1-9]\d{0,3}$/.test(wanted)) fail(`HALOD_WANTED is "${wanted}", which is not a number of bridges`);
const read = (/** @type {string} */ name) => readFileSync(`${account}/${name}`, "utf8").trim();
const path = `/apis/apps/v1/namespaces/${read("namespace")}/statefulsets/${statefulSet}/scale`;
const headers = { authorization: `Bearer ${read("token")}`, "content-type": "application/merge-patch+json" };
const options = { method: "PATCH", headers, ca: read("ca.crt"), signal: AbortSignal.timeout(TIMEOUT_MS) };

const patch = request(new URL(path, api), options, (response) => {
  let text = "";
  response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
  response.on("end", () => {
    if (response.statusCode !== 200) fail(`${path}: ${response.statusCode} ${text.slice(0, 500)}`);
    stdout.write(`${statefulSet} is to have ${wanted} pods\n`);
  });
});
patch.on("error", (error) => fail(`${api}: ${error.message}`));
patch.end(JSON.stringify({ spec: { replicas: Number(wanted) } }));
