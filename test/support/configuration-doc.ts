import { writeFileSync } from "node:fs";
import { describeConfig, listKeys } from "../../cli/index.ts";
import { schemaFor } from "../../config.ts";

/** Where the document is. */
export const CONFIGURATION_DOC = new URL("../../docs/configuration.md", import.meta.url);

/** What docs/configuration.md has to say, made from the schema. */
export function configurationDoc(): string {
  return `# Configuration

Every setting can be given in a file, in the environment, or as a flag; a flag wins over the environment, and the
environment over the file. The file is named with \`--config FILE\` or \`TAILSPIN_CONFIG\`; otherwise \`tailspin.yaml\`,
\`tailspin.yml\` or \`tailspin.json\` of the working folder is read, if there is one.

\`\`\`yaml
secret: something long and random
dispatcher:
  port: 8080
  bridges: [127.0.0.1:7070]
irc:
  host: irc.example.org
\`\`\`

is the same as \`TAILSPIN_SECRET=… TAILSPIN_DISPATCHER_PORT=8080 …\` or \`--secret … --dispatcher-port 8080 …\`. \`--port\` and
\`--host\` mean the dispatcher's, the bridge's for \`tailspin bridge\`, and HaloD's for \`tailspin halod\`. All commands take the same settings, so one file
serves all. Whatever is wrong, in any of the three, is told at once, with exit code 2; \`tailspin config check\` only looks.

\`tailspin up\` logs from \`warn\`, the other commands from \`info\`.

${describeConfig(listKeys(schemaFor("bridge")))}`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(CONFIGURATION_DOC, configurationDoc());
