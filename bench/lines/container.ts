import { randomBytes } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormat } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { ManagerProcess } from "../../test/line/manager-process.ts";
import { hostileSpec } from "../../test/line/test-manager.ts";
import { cpuNsOf, forgetPeak, memoryOf } from "../measure/process-memory.ts";
import type { LineCost } from "./read-lines.ts";

const name = "large";
const maxLineBytes = 128 * 1024 * 1024;

/**
 * What a manager, as a process of its own, spends on calls over gRPC whose results a container writes in lines of so
 * many bytes.
 */
export async function throughContainer({ lineBytes, count }: { lineBytes: number; count: number }): Promise<LineCost> {
  const fleet = `bench-${randomBytes(6).toString("hex")}`;
  await using manager = await ManagerProcess.start(fleet, { MCPM_MAX_LINE_BYTES: String(maxLineBytes) });
  const baseUrl = `http://127.0.0.1:${manager.port}`;
  const client = createClient(ManagerService, createGrpcTransport({ baseUrl, readMaxBytes: 2 * maxLineBytes }));
  try {
    await client.start({ name, spec: { ...hostileSpec(), limits: { memoryBytes: 2n * 1024n ** 3n } } });
    const call = async (bytes: number) => {
      const input = { case: "arguments" as const, value: { bytes } };
      const { resultJson } = await client.callTool({
        server: name,
        tool: "large",
        input,
        resultFormat: ResultFormat.JSON,
      });
      if (resultJson.length < bytes) throw new Error(`a result of ${resultJson.length} characters instead of ${bytes}`);
    };
    for (let index = 0; index < 20; index += 1) await call(64 * 1024);
    forgetPeak(manager.pid);
    const before = { ...memoryOf(manager.pid), cpuNs: cpuNsOf(manager.pid) };
    for (let index = 0; index < count; index += 1) await call(lineBytes);
    return {
      cpuNsPerByte: (cpuNsOf(manager.pid) - before.cpuNs) / (lineBytes * count),
      peakBytes: memoryOf(manager.pid).peakBytes - before.nowBytes,
    };
  } finally {
    await client.stop({ name, gracePeriod: { seconds: 0n, nanos: 0 } });
    await manager.kill("SIGTERM"); // So that it lets go of its fleet's lock.
  }
}
