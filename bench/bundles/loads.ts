import { ours } from "../calls/ours.ts";
import type { BenchManager } from "../load/bench-manager.ts";
import { cpuDuring, type LoadOptions } from "../load/load.ts";
import { followLines } from "../logs/follow-lines.ts";
import { writingSpec } from "../logs/writing-server.ts";

const seconds = 2;
const textBytes = 100;
const lines = 400_000;

/** What a load reached: calls or lines. */
export interface Pace {
  readonly perS: number;
  /** Processor time of the manager for one. */
  readonly cpuUs: number;
}

/** The main loads on one manager, by their names, each for two seconds. */
export async function mainLoads(manager: BenchManager): Promise<ReadonlyMap<string, () => Promise<Pace>>> {
  const { grpc, connect, rest } = await ours(manager);
  await manager.client.start({ name: "writer", spec: writingSpec });
  const calls = (contender: typeof grpc, inFlight: LoadOptions["inFlight"]) => async () => {
    const { callsPerS, cpuUs = Number.NaN, calls: made } = await contender.load({ inFlight, textBytes, seconds });
    return { perS: callsPerS, cpuUs: cpuUs / made };
  };
  return new Map([
    ["gRPC, 1 in flight", calls(grpc, 1)],
    ["gRPC, 64 in flight", calls(grpc, 64)],
    ["Connect JSON, 64 in flight", calls(connect, 64)],
    ["REST, 64 in flight", calls(rest, 64)],
    ["Logs, lines to one follower", () => followed(manager)],
  ]);
}

async function followed({ client, origin, pid }: BenchManager): Promise<Pace> {
  const write = async () => {
    await client.callTool({ server: "writer", tool: "write", input: { case: "arguments", value: { lines } } });
  };
  const { result, cpuUs = Number.NaN } = await cpuDuring(pid, () => followLines(origin, { server: "writer", write }));
  return { perS: result.received / result.seconds, cpuUs: cpuUs / lines };
}
