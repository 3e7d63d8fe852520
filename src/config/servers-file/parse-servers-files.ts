import type { Declaration, SecretSource, ServersFile } from "../../base/spec/declaration.ts";
import { knownEntries } from "./object-keys.ts";
import { Origin } from "./origin.ts";
import { readSecret, secretShape } from "./read-secret.ts";
import { declarationShape, readServer } from "./read-server.ts";
import { fail, type Reading, readText } from "./reading.ts";
import { Variables } from "./variables.ts";
import type { FileText } from "./yaml/decode-text.ts";
import { mergeFiles } from "./yaml/merge-files.ts";
import { type Problem, Problems } from "./yaml/problem.ts";
import { readYaml } from "./yaml/read-yaml.ts";
import type { Entry, MapTree } from "./yaml/tree.ts";

export interface ServersFilesInput {
  /** In order: later ones win. */
  readonly files: readonly FileText[];
  /** What `${…}` in the files stands for. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** `name`: of the fleet, which only the command line reads. */
export type ParsedServersFiles =
  | { readonly file: ServersFile; readonly name?: string }
  | { readonly problems: readonly Problem[] };

/** Reads what one or more servers.yaml declare together, or tells all that is wrong with them. Never throws. */
export function parseServersFiles({ files, env }: ServersFilesInput): ParsedServersFiles {
  const problems = new Problems();
  const trees = files.map((file) => readYaml(file, problems));
  const known = trees.filter((tree) => tree !== undefined);
  // With a part of the files there would be false alarms.
  const tree = known.length === files.length ? mergeFiles(known) : undefined;
  const found = tree === undefined ? undefined : readFile(tree, { problems, variables: new Variables(env) });
  if (found === undefined || problems.count > 0) return { problems: problems.sorted(files.map(({ path }) => path)) };
  return found;
}

const keys = ["name", "servers", "secrets"];

function readFile(tree: MapTree, reading: Reading): { file: ServersFile; name?: string } {
  const origin = new Origin(tree.span, { field: "" });
  const top = new Map(knownEntries(tree, { keys, origin, reading }));
  const secretEntries = entriesOf("secrets", { top, reading });
  const declared = [...secretEntries.keys()];
  const secrets = new Map<string, SecretSource>();
  const secretReading = { ...reading, secretShape: secretShape() };
  for (const [name, entry] of secretEntries) {
    const secret = readSecret(name, entry, secretReading);
    if (secret !== undefined) secrets.set(name, secret);
  }
  const servers = new Map<string, Declaration>();
  const serverReading = { ...reading, shape: declarationShape(), secrets: declared };
  for (const [name, entry] of entriesOf("servers", { top, reading })) {
    const server = readServer(name, entry, serverReading);
    if (server !== undefined) servers.set(name, server);
  }
  const name = readName(top.get("name"), reading);
  return { file: { servers, secrets }, ...(name === undefined ? {} : { name }) };
}

/** What stands below a key at the top, by names. */
function entriesOf(
  key: "servers" | "secrets",
  { top, reading }: { readonly top: ReadonlyMap<string, Entry>; readonly reading: Reading },
): ReadonlyMap<string, Entry> {
  const value = top.get(key)?.value;
  if (value?.kind === "map") return value.entries;
  if (value === undefined || value.kind === "broken") return new Map();
  const origin = new Origin(value.span, { field: key });
  const none =
    value.kind === "text" && value.isNull ? `has no value: "${key}: {}" says that there are none` : undefined;
  fail({ origin, reading }, none ?? "must be a mapping, with a name for each of its entries");
  return new Map();
}

/** As MCPM_FLEET. */
export const fleetName = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

function readName(entry: Entry | undefined, reading: Reading): string | undefined {
  if (entry === undefined) return undefined;
  const { value } = entry;
  const at = { origin: new Origin(value.span, { field: "name" }), reading };
  const name = value.kind === "text" ? readText(value, at) : "";
  if (name === undefined || fleetName.test(name)) return name;
  return fail(at, "must be 1 to 32 of a-z, 0-9 and '-', the name of the fleet");
}
