import { ConnectError } from "@connectrpc/connect";
import { type Server, ServerState } from "../../gen/mcpmanager/v1/server_pb.ts";
import { type ManagerClient, textOf } from "../e2e/test-manager.ts";
import type { Inspection } from "./inspection.ts";
import { type Entry, type Ledger, nameOf } from "./ledger.ts";

export interface CheckContext {
  readonly ledger: Ledger;
  readonly client: ManagerClient;
  readonly fleet: string;
  /** Gives what the engine has of the fleet. */
  readonly inspect: () => Promise<Inspection>;
  /** The named volumes that servers may have made. */
  readonly volumes: readonly string[];
}

/** What does not hold in a fleet whose manager has adopted what there was; then the ledger is what there is. */
export async function checkFleet(context: CheckContext): Promise<string[]> {
  const { ledger, client, inspect } = context;
  const { servers } = await client.list({});
  const shown = new Map(servers.map((server) => [server.name, server]));
  const strangers = servers.filter(({ name }) => !ledger.has(name)).map(({ name }) => `nobody asked for ${name}`);
  const told = await Promise.all([...ledger.values()].map((entry) => checkServer(entry, { shown, client })));
  // Answered, so that what came up by itself is up: then what each has is what it keeps.
  const settled = (await client.list({})).servers;
  const left = await inspect();
  const findings = [
    ...strangers,
    ...told.flat(),
    ...checkContainers(left, { servers: settled, ledger }),
    ...checkVolumes(left, context),
  ];
  for (const entry of ledger.values()) entry.expected = foundAs(settled.find(({ name }) => name === entry.kind.name));
  return findings;
}

function foundAs(server: Server | undefined): Entry["expected"] {
  if (server === undefined) return { presence: "gone", containers: undefined };
  return { presence: "there", containers: server.instances.map(({ containerId }) => containerId) };
}

async function checkServer(
  { kind, expected, underWay }: Entry,
  { shown, client }: { shown: ReadonlyMap<string, Server>; client: ManagerClient },
): Promise<string[]> {
  const server = shown.get(kind.name);
  const about = `${kind.name} (under way: ${underWay ?? "nothing"})`;
  if (server === undefined) return expected.presence === "there" ? [`${about} is not there`] : [];
  if (expected.presence === "gone") return [`${about} is there`];
  // Its Start could only fail; that it did is left where the manager died before it removed the container.
  if (kind.broken) return server.state === ServerState.FAILED ? [] : [`${about} is up`];
  const findings: string[] = [];
  const ids = server.instances.map(({ containerId }) => containerId);
  if (expected.containers !== undefined && ids.join() !== expected.containers.join()) {
    findings.push(`${about} is in ${short(ids)} instead of ${short(expected.containers)}`);
  }
  try {
    const text = `hello ${kind.name}`;
    const input = { case: "arguments", value: { text } } as const;
    const result = await client.callTool({ server: kind.name, tool: "echo", input });
    if (textOf(result) !== text) findings.push(`${about} gave another's answer`);
  } catch (error) {
    const { message } = ConnectError.from(error);
    findings.push(`${about} does not answer: ${nameOf(ConnectError.from(error))}: ${message}`);
  }
  return findings;
}

/** Each container is an instance that the manager shows, and goes by its plain name; no instance lacks one. */
function checkContainers(
  { containers }: Inspection,
  { servers, ledger }: { servers: readonly Server[]; ledger: Ledger },
): string[] {
  const owners = new Map(
    servers.flatMap(({ name, instances }) =>
      instances.map(({ containerId }, at) => [containerId, at === 0 ? name : `${name}.${at + 1}`] as const),
    ),
  );
  const strays = containers.flatMap(({ id, name, state }) => {
    const owner = owners.get(id);
    if (owner === undefined) return [`the container ${name} (${short([id])}, ${state}) belongs to no server`];
    return owner === name ? [] : [`the container of ${owner} is called ${name}`];
  });
  const found = new Set(containers.map(({ id }) => id));
  const missing = [...owners].flatMap(([id, name]) =>
    found.has(id) ? [] : [`${name} has no container ${short([id])}`],
  );
  const uncounted = servers.flatMap(({ name, instances }) => {
    const replicas = ledger.get(name)?.kind.replicas;
    return instances.length === replicas ? [] : [`${name} has ${instances.length} containers instead of ${replicas}`];
  });
  return [...strays, ...missing, ...uncounted];
}

/** The mark of one owner, and what the servers' data is in. */
function checkVolumes({ volumes }: Inspection, context: CheckContext): string[] {
  const marks = volumes.filter((name) => name.startsWith(`mcpm-owner.${context.fleet}.`));
  const others = volumes.filter((name) => !marks.includes(name) && !context.volumes.includes(name));
  const tooMany = marks.length === 1 ? [] : [`the fleet has ${marks.length} owner's marks: ${marks.join(", ")}`];
  return [...tooMany, ...others.map((name) => `the volume ${name} is left`)];
}

function short(ids: readonly string[]): string {
  return ids.map((id) => id.slice(0, 12)).join(", ") || "none";
}
