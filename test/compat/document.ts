import type { RealServer } from "./real-server.ts";
import { imageOf } from "./table/real-servers.ts";

/** What was seen of a server. */
export interface Seen {
  readonly server: RealServer;
  readonly imageBytes: number;
  /** Of the first Start of its image, and of another when all is known of it. */
  readonly startMs: { readonly first: number; readonly again: number };
}

const intro = `# Servers that work

Servers from public registries, which nobody here wrote, as they were tried through the manager: each in the default
sandbox, or with what its spec below asks for. This page is written by

\`\`\`
make test-compat                        # all: a quarter of an hour from nothing, then five minutes
make test-compat NAMES="time git"       # some; the page stays as it is
\`\`\`

which builds the images and looks at each server: the revision of MCP that it speaks, and what it has; calls that work, and
one that fails; a Restart, \`docker kill\`, sleeping and waking; a Stop, after which nothing of it is left; and whether the
manager's callers get what the SDK's own client gets on the server's plain stdio. \`make test\` does so with three of them.

The images are made of \`test/compat/servers\`: a Dockerfile and a lock file for each. What is called, and what must come of it,
is in \`test/compat/table\`. The times are those of a Start with the image there, the first one and a later one, on the
machine of the last run. A dash says that a server has nothing of that kind. In the specs \`$FILES\` is a folder of yours below
one of \`MCPM_BIND_ROOTS\`, which belongs to the user of the images, 1000:1000; \`$VOLUME\` is the name of a volume; \`$POSTGRES\`, \`$REDIS\` and
\`$PAGES\` are addresses on the bridge, which takes \`MCPM_ALLOW_NETWORKS=bridge\`.
`;

/** docs/servers.md */
export function document(seen: readonly Seen[]): string {
  return `${[intro, table(seen), ...seen.map(({ server }) => sectionOf(server))].join("\n")}`;
}

function table(seen: readonly Seen[]): string {
  const head = "| server | package | MCP | tools, resources, prompts | image | Start, again |";
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
  const { spec = {} } = server;
  const json = JSON.stringify({ image: imageOf(server), pull_policy: "PULL_POLICY_NEVER", ...spec }, null, 2);
  return `## ${server.name}\n\n${server.package}. Needs ${server.needs}.\n\n\`\`\`json\n${json}\n\`\`\`\n`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
