import { randomBytes } from "node:crypto";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormat } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { longLineSpec } from "../../test/e2e/calls/long-line-server.ts";
import { errorInfo, type ManagerClient } from "../../test/e2e/test-manager.ts";
import { startBundledManager } from "../load/bundled-manager.ts";
import { cpuNsOf, forgetPeak, memoryOf } from "../measure/process-memory.ts";
import type { LineCost } from "./read-lines.ts";

const mib = 1024 * 1024;
const name = "long";

/** What a manager, as a process of its own, spends on a container's lines. */
export interface ContainerLines {
  readonly lineMib: number;
  readonly count: number;
  readonly maxLineMib: number;
}

/**
 * Calls over gRPC whose results are lines of so many bytes. Beyond the limit each must fail RESULT_TOO_LARGE, below it
 * succeed.
 */
export async function throughContainer({ lineMib, count, maxLineMib }: ContainerLines): Promise<LineCost> {
  const fleet = `bench-${randomBytes(6).toString("hex")}`;
  const env = { MCPM_MAX_LINE_BYTES: String(maxLineMib * mib) };
  await using manager = await startBundledManager({ fleet, env });
  const baseUrl = `http://127.0.0.1:${manager.port}`;
  const client = createClient(ManagerService, createGrpcTransport({ baseUrl, readMaxBytes: 256 * mib }));
  try {
    await client.start({ name, spec: { ...longLineSpec(), limits: { memoryBytes: BigInt(1024 * mib) } } });
    const call = (size: number) => outcomeOf(client, size);
    for (let index = 0; index < 20; index += 1) await call(0);
    forgetPeak(manager.pid);
    const before = { ...memoryOf(manager.pid), cpuNs: cpuNsOf(manager.pid) };
    for (let index = 0; index < count; index += 1) {
      const outcome = await call(lineMib);
      if (outcome !== (lineMib > maxLineMib ? "RESULT_TOO_LARGE" : "read")) throw new Error(outcome);
    }
    return {
      cpuNsPerByte: (cpuNsOf(manager.pid) - before.cpuNs) / (lineMib * mib * count),
      peakBytes: memoryOf(manager.pid).peakBytes - before.nowBytes,
    };
  } finally {
    await client.stop({ name, gracePeriod: { seconds: 0n, nanos: 0 } });
    await manager.kill("SIGTERM"); // So that it lets go of its fleet's lock.
  }
}

async function outcomeOf(client: ManagerClient, lineMib: number): Promise<string> {
  const input = { case: "arguments" as const, value: { mib: lineMib, place: "last" } };
  try {
    const { resultJson } = await client.callTool({
      server: name,
      tool: "long",
      input,
      resultFormat: ResultFormat.JSON,
    });
    return resultJson.length > lineMib * mib ? "read" : `a result of ${resultJson.length} characters`;
  } catch (error) {
    return errorInfo(ConnectError.from(error)).reason ?? String(error);
  }
}
