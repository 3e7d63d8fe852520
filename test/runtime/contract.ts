import { describe } from "vitest";
import type { RuntimeKind } from "../../src/runtime/runtime.ts";
import { describeDifferences } from "./contract-differences.ts";
import { describeEnds } from "./contract-ends.ts";
import { describeRecords } from "./contract-records.ts";
import { describeStdio } from "./contract-stdio.ts";
import type { TestInstances } from "./test-instances.ts";

/** Where runtimes differ, as each declares it. What one can't do has a test, too: of how it says so. */
export interface Abilities {
  readonly kind: RuntimeKind;
  /** Instances outlive the runtime; the next one on the fleet lists them and attaches to them. */
  readonly adoption: boolean;
  /** A fleet is seen by other managers, too, and so has one owner. */
  readonly ownership: boolean;
  /** Images are looked for and pulled, and a spec may leave the command to its image. */
  readonly images: boolean;
  /** CPU, memory and processes are bounded; the end by lack of memory is told. */
  readonly limits: boolean;
  readonly mounts: boolean;
  readonly network: boolean;
  readonly user: boolean;
  readonly readOnlyRoot: boolean;
  readonly capabilities: boolean;
  /** Stop closes stdin before it sends a signal. */
  readonly eofFirst: boolean;
  /** A program that is not there: it seems to start and exits 127, or the start is refused. */
  readonly missingProgram: "exits 127" | "start refused";
}

export interface Contract {
  readonly abilities: Abilities;
  /** A fleet of its own for each group of tests. */
  readonly open: () => TestInstances;
}

/** Every promise of the port in src/runtime/runtime.ts, as tests of one runtime. */
export function describeContract(contract: Contract): void {
  describe(`The runtime port, kept by ${contract.abilities.kind}:`, () => {
    describeRecords(contract);
    describeStdio(contract);
    describeEnds(contract);
    describeDifferences(contract);
  });
}
