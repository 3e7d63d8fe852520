import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { silentLog } from "../../../src/base/log/log.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { createProcessRuntime } from "../../../src/runtime/process/process-runtime.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { TestInstances } from "../test-instances.ts";

export const serversFolder = fileURLToPath(new URL("../../servers", import.meta.url));

/** The runtime on child processes, which all end when it is disposed. */
export class TestProcesses extends TestInstances {
  override readonly runtime = this.successor();

  /** A spec that runs one of test/servers, or a Node program given as text. The schema wants an image; nothing runs it. */
  static spec(program: string, more: Partial<ServerSpec> = {}): ServerSpec {
    const args = program.endsWith(".mjs") ? [program] : ["--input-type=module", "-e", program];
    return { image: "none", command: [process.execPath], args, workingDir: serversFolder, ...more };
  }

  override spec(program: string, more: Partial<ServerSpec> = {}): ServerSpec {
    return TestProcesses.spec(program, more);
  }

  override successor(options: { readonly requireLimits?: boolean } = {}): Runtime {
    const baseEnv = { PATH: process.env.PATH ?? "", HOME: "/" };
    return createProcessRuntime({ baseEnv, log: silentLog, now: Date.now, newId: randomUUID, ...options });
  }

  override async signal({ pid }: { readonly pid: number }, signal: NodeJS.Signals): Promise<void> {
    process.kill(pid, signal);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const { id } of await this.runtime.list({})) await this.runtime.remove(id, {});
    await this.runtime[Symbol.asyncDispose]();
  }
}
