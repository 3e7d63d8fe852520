import { fileURLToPath } from "node:url";
import { ManagerProcess, spawnManager } from "../../test/e2e/manager-process.ts";
import { echoProgram } from "../load/echo-process.ts";
import { callToolUrl, grpcCall, grpcHeaders } from "../load/grpc-call.ts";
import { H2load } from "../load/h2load.ts";
import { jsonCall, jsonHeaders } from "../load/json-call.ts";
import type { Load } from "../load/load.ts";
import { Wrk } from "../load/wrk.ts";
import type { ByHand, Round } from "./by-hand.ts";

const managerProgram = fileURLToPath(new URL("variant-manager.ts", import.meta.url));
const server = "echo";
const options = { inFlight: 64, textBytes: 100, seconds: 1 };

/** What is measured by loads on two managers, one with the fast path and one without. */
export interface FastPath extends ByHand {
  readonly protocol: "grpc" | "connect";
}

export const fastPaths: readonly FastPath[] = [
  {
    thing: "fast path of gRPC",
    file: "src/rpc/fast-path/grpc/",
    plainForm: "the RPC library",
    goesBelow: 1.25,
    part: { of: "a call", times: 1 },
    isMost: true,
    protocol: "grpc",
  },
  {
    thing: "fast path of Connect",
    file: "src/rpc/fast-path/connect-fast-path.ts",
    plainForm: "the RPC library",
    goesBelow: 1.25,
    part: { of: "a call", times: 1 },
    isMost: true,
    protocol: "connect",
  },
];

/** Processor time of both managers for a call, 64 in flight, in turn. The first round does not count. */
export async function measureFastPath({ protocol }: FastPath, rounds: number): Promise<Round[]> {
  await using hand = await startVariant("hand");
  await using plain = await startVariant("plain");
  const [byHand, byLibrary] = [loadOf(protocol, hand), loadOf(protocol, plain)];
  const done: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % 2 === 0 ? undefined : await nsPerCall(byLibrary);
    const handNs = await nsPerCall(byHand);
    const plainNs = first ?? (await nsPerCall(byLibrary));
    if (round > 0) done.push({ handNs, plainNs });
  }
  return done;
}

/** A manager without an engine, with the echo server. */
async function startVariant(kind: "hand" | "plain"): Promise<ManagerProcess> {
  const env = { MCPM_RUNTIME: "process", MICRO_PLAIN: kind === "plain" ? "1" : "0" };
  const manager = await ManagerProcess.of(spawnManager(managerProgram, { fleet: `micro-${process.pid}-${kind}`, env }));
  const command = [process.execPath, "--disable-warning=MaxListenersExceededWarning", echoProgram];
  await manager.client.start({ name: server, spec: { image: "echo", command } });
  return manager;
}

function loadOf(protocol: FastPath["protocol"], { port, pid }: ManagerProcess): Pick<H2load, "load"> {
  const url = callToolUrl(`http://127.0.0.1:${port}`);
  return protocol === "grpc"
    ? new H2load({ url, pid, headers: grpcHeaders, body: (text) => grpcCall({ server, text }) })
    : new Wrk({ url, pid, headers: jsonHeaders, body: (text) => jsonCall({ server, text }) });
}

async function nsPerCall(load: { load(of: typeof options): Promise<Load> }): Promise<number> {
  const { calls, cpuUs = Number.NaN } = await load.load(options);
  return (cpuUs * 1000) / calls;
}
