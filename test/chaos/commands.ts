import { setTimeout as delay } from "node:timers/promises";
import { ConnectError } from "@connectrpc/connect";
import type { Server } from "../../gen/mcpmanager/v1/server_pb.ts";
import type { ManagerClient } from "../e2e/test-manager.ts";
import type { Choices } from "./choices.ts";
import { type Entry, type Expected, nameOf, wasCutOff } from "./ledger.ts";

export interface CommandContext {
  readonly entry: Entry;
  readonly client: ManagerClient;
  readonly choices: Choices;
  /** Told of a response that should not have come. */
  readonly onFinding: (text: string) => void;
}

type Command = (context: CommandContext) => Promise<void>;

/** Asks for one thing after another, and notes what was acknowledged, until the manager is gone. */
export async function command(context: CommandContext): Promise<void> {
  const { entry, choices } = context;
  for (;;) {
    const [name, run] = choices.pick(commandsFor(entry));
    entry.underWay = name;
    try {
      await run(context);
    } catch (error) {
      const failure = ConnectError.from(error);
      if (wasCutOff(failure)) return;
      context.onFinding(`${name} of ${entry.kind.name}: ${nameOf(failure)}: ${failure.message}`);
    }
    entry.underWay = undefined;
    await delay(choices.below(400));
  }
}

function commandsFor({ kind, expected }: Entry): readonly [[string, Command], ...[string, Command][]] {
  if (kind.broken) return expected.presence === "there" ? [["stop", stop]] : [["pull", startBroken]];
  if (expected.presence !== "there")
    return [
      ["start", start],
      ["start", start],
      ["start and stop", startAndStop],
    ];
  const whileUp: readonly [[string, Command], ...[string, Command][]] = [
    ["start again", startAgain],
    ["restart", restart],
    ["restart", restart],
    ["stop", stop],
    ["stop", stop],
  ];
  return kind.crashes ? [...whileUp, ["crash", crash], ["crash", crash]] : whileUp;
}

const idsOf = (server: Server | undefined) => server?.instances.map(({ containerId }) => containerId) ?? [];
const there = (server: Server | undefined): Expected => ({ presence: "there", containers: idsOf(server) });
const gone: Expected = { presence: "gone", containers: undefined };
const anything: Expected = { presence: "either", containers: undefined };

async function start({ entry, client, choices }: CommandContext): Promise<void> {
  entry.salt = String(choices.below(1_000_000));
  entry.expected = anything;
  const { server } = await client.start({ name: entry.kind.name, spec: entry.kind.spec(entry.salt) });
  entry.expected = there(server);
}

/** It is up with this spec already. */
async function startAgain({ entry, client }: CommandContext): Promise<void> {
  const { server } = await client.start({ name: entry.kind.name, spec: entry.kind.spec(entry.salt) });
  entry.expected = there(server);
}

/** The image is pulled, and has nothing that could run. */
async function startBroken({ entry, client, onFinding }: CommandContext): Promise<void> {
  entry.expected = anything;
  const error = await failureOf(client.start({ name: entry.kind.name, spec: entry.kind.spec(entry.salt) }));
  if (error === undefined) onFinding(`a Start of ${entry.kind.name} was acknowledged`);
  else if (wasCutOff(error)) throw error;
  entry.expected = gone;
}

async function stop({ entry, client, choices }: CommandContext): Promise<void> {
  // With copies one may be gone, and is made again.
  const containers = entry.kind.replicas === 1 ? entry.expected.containers : undefined;
  entry.expected = { presence: "either", containers };
  const { found } = await client.stop({ name: entry.kind.name, gracePeriod: graceOf(choices) });
  if (!found) throw new Error(`Stop did not find ${entry.kind.name}`);
  entry.expected = gone;
}

async function startAndStop(context: CommandContext): Promise<void> {
  const { entry, client, choices } = context;
  const afterMs = choices.below(600);
  const started = failureOf(start(context));
  await delay(afterMs);
  entry.expected = anything;
  const { found } = await client.stop({ name: entry.kind.name, gracePeriod: graceOf(choices) });
  const failure = await started;
  if (failure !== undefined && wasCutOff(failure)) throw failure;
  // Where the Stop came first, the Start had the last word.
  if (found || failure !== undefined) entry.expected = gone;
}

async function restart({ entry, client, choices }: CommandContext): Promise<void> {
  const { server } = await client.restart({ name: entry.kind.name, gracePeriod: graceOf(choices) });
  entry.expected = there(server);
}

/** Its process exits; the manager starts it again in its container. */
async function crash({ entry, client }: CommandContext): Promise<void> {
  const value = { code: 3 };
  const died = client.callTool({ server: entry.kind.name, tool: "exit", input: { case: "arguments", value } });
  const error = await failureOf(died);
  if (error !== undefined && wasCutOff(error)) throw error;
  // Answered by the next process: it is up again.
  await client.callTool({ server: entry.kind.name, tool: "echo", input: { case: "arguments", value: { text: "up" } } });
}

/** Undefined: it did not fail. */
async function failureOf(request: Promise<unknown>): Promise<ConnectError | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    return ConnectError.from(error);
  }
}

function graceOf(choices: Choices) {
  return choices.pick([
    { seconds: 0n, nanos: 0 },
    { seconds: 0n, nanos: 300_000_000 },
    { seconds: 10n, nanos: 0 },
  ]);
}
