import type { Client } from "@connectrpc/connect";
import type { ManagerService } from "../gen/mcpmanager/v1/manager_pb.ts";

export type Manager = Client<typeof ManagerService>;

/** By name: what is tried. It gives back what it saw, or throws. */
export type Checks = Record<string, (manager: Manager) => Promise<string>>;

/** Runs the checks in their order, prints a line for each, then the totals; says whether all passed. */
export async function runChecks(manager: Manager, options: { checks: Checks; print: (line: string) => void }) {
  const { checks, print } = options;
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      print(`  ✓ ${name.padEnd(18)} ${await check(manager)}`);
    } catch (error) {
      failed += 1;
      print(`  ✗ ${name.padEnd(18)} ${error}`);
    }
  }
  print(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
  return failed === 0;
}

export function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
