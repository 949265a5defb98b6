/** A command of the autoscaler: tells `node scale-command.ts URL` what it was told, and ends as the answer says. */
const [url = ""] = process.argv.slice(2);
const { HALOD_ACTION: action, HALOD_NODES: nodes, HALOD_WANTED: wanted } = process.env;
const response = await fetch(url, { method: "POST", body: JSON.stringify({ action, nodes, wanted }) });
process.stdout.write(await response.text());
process.exit(response.ok ? 0 : 1);
