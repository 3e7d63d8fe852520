import { afterAll, beforeAll } from "vitest";
import { hostileProcessSpec, TestManager } from "../../e2e/test-manager.ts";

/**
 * The manager as it is, and one whose RPC library answers everything, each with the hostile server under the name `h`.
 * Filled before the tests of the file that asks for them, and ended after these.
 */
export function bothPaths(): readonly TestManager[] {
  const managers: TestManager[] = [];
  beforeAll(async () => {
    for (const fastPath of [true, false]) {
      const manager = await TestManager.start(
        { MCPM_RUNTIME: "process", MCPM_MAX_REQUEST_BYTES: "65536" },
        { fastPath },
      );
      managers.push(manager);
      await manager.client.start({ name: "h", spec: hostileProcessSpec() });
    }
  });
  afterAll(async () => {
    for (const manager of managers) await manager[Symbol.asyncDispose]();
  });
  return managers;
}
