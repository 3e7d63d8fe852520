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

Servers from public registries, which nobody here wrote, as they were tried through the manager: each in a container with
the default sandbox, or with the spec below it. \`make test-compat\` builds their images, tries them and writes this page:
which generation of MCP a server speaks and what it has; calls that work and one that fails; a Restart, \`docker kill\`,
sleeping and waking, a Stop that leaves nothing; and that its results are those which the SDK's own client gets on its plain
stdio. \`make test-compat NAMES="time git"\` tries some.

What they do is in \`test/compat/table/\`, their Dockerfiles are in \`test/compat/servers/\` with the lock files that pin every package. The times are
those of Start on the machine of the last run, with the image there and two cores: the first of an image, and a later one.
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
  const json = JSON.stringify({ image: imageOf(server), pullPolicy: "PULL_POLICY_NEVER", ...spec }, null, 2);
  const until = server.until === undefined ? "" : `\nNot yet as it should be: ${server.until.fault}.\n`;
  return `## ${server.name}\n\nNeeds ${server.needs}.\n${until}\n\`\`\`json\n${json}\n\`\`\`\n`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
