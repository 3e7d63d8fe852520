import type { RealServer } from "./real-server.ts";
import { folderOf, imageOf } from "./table/real-servers.ts";

/** What was seen of a server. */
export interface Seen {
  readonly server: RealServer;
  readonly imageBytes: number;
  /** Of the first Start of its image, and of another when all is known of it. */
  readonly startMs: { readonly first: number; readonly again: number };
}

const intro = `# Servers that work

Servers from public registries, which nobody here wrote, as they were tried through the manager: each in the default
sandbox, or with what its spec below asks for. To have one of them, here \`time\`:

\`\`\`
scripts/images/build-compat time
make start
curl -X POST http://localhost:8080/servers/time/start -H 'Content-Type: application/json' \\
    -d '{"image": "mcpm-compat/time:latest", "pull_policy": "PULL_POLICY_NEVER"}'
curl http://localhost:8080/servers/time/tools
\`\`\`

The first command makes the image, of a Dockerfile and a lock file. The body of the third is the server's spec. What stands
in a spec for something of yours:

| | | the manager's settings |
| --- | --- | --- |
| \`$FILES\` | a folder; where the mount is writable, it belongs to the user of the images, 1000:1000 | \`MCPM_BIND_ROOTS\`: it, or one around it |
| \`$VOLUME\` | the name of a volume, which is made if it is not there | |
| \`$POSTGRES\`, \`$REDIS\` | host and port, as \`172.17.0.1:5432\`: of this or another machine, not of a container. A container's port must be published: \`docker run -p 172.17.0.1:5432:5432 …\` | \`MCPM_ALLOW_NETWORKS=bridge\`, as for each spec with \`bridge\` |

## How they were tried

\`\`\`
make test-compat                        # all
make test-compat NAMES="time git"       # some; this page stays as it is
\`\`\`

builds the images, looks at each server, and writes this page: the revision of MCP that the server speaks, and what it has;
calls that work, and one that fails; a Restart, \`docker kill\`, sleeping and waking; a Start during which the server stands
still for 6 s; a Stop, after which nothing of it is left; and whether the manager's callers get what the SDK's own client
gets on the server's plain stdio. \`make test\` does so with three of them. What is called, and what must come of it, is in
\`test/compat/table\`.

The times are those of a Start with the image there, on the machine of the last run. At its first Start a server that says
nothing to the question for its era (\`rust-filesystem\`) is waited for 3 s; later ones know that from
[the state folder](operations.md#the-state-folder). A dash says that a server has nothing of that kind.
`;

/** docs/servers.md */
export function document(seen: readonly Seen[]): string {
  return `${[intro, table(seen), ...seen.map(({ server }) => sectionOf(server))].join("\n")}`;
}

function table(seen: readonly Seen[]): string {
  const head = "| server | package | MCP | tools, resources, prompts | image | first Start, later |";
  const rows = seen.map(({ server, imageBytes, startMs }) => {
    const { tools, resources, prompts } = server.has;
    const counts = [tools, resources, prompts].map((count) => (count === "none" ? "–" : count)).join(", ");
    const cells = [
      `[${server.name}](#${server.name})`,
      `${server.package} (${server.registry})`,
      server.revision,
      counts,
      `${Math.round(imageBytes / 1e6)} MB`,
      `${seconds(startMs.first)}, ${seconds(startMs.again)}`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return `${[head, "| --- | --- | --- | --- | --- | --- |", ...rows].join("\n")}\n`;
}

/** What the page says of a server, but for what was measured. */
export function sectionOf(server: RealServer): string {
  const { spec = {}, package: name, needs } = server;
  const folder = folderOf(server);
  const json = JSON.stringify({ image: imageOf(server), pull_policy: "PULL_POLICY_NEVER", ...spec }, null, 2);
  return `## ${server.name}\n\n${name}, of [${folder}](../${folder}). Needs ${needs}.\n\n\`\`\`json\n${json}\n\`\`\`\n`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
