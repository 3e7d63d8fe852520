import { describe } from "vitest";
import type { RuntimeCapabilities, RuntimeKind } from "../../src/runtime/capabilities.ts";
import { describeDifferences } from "./contract-differences.ts";
import { describeEnds } from "./contract-ends.ts";
import { describeRecords } from "./contract-records.ts";
import { describeStdio } from "./contract-stdio.ts";
import type { TestInstances } from "./test-instances.ts";

/** What it takes to run the contract on a runtime. */
export interface Contract {
  readonly kind: RuntimeKind;
  /** What it can do, by kind and engine: the very object that it must declare itself. */
  readonly capabilities: RuntimeCapabilities;
  /** A program that is not there: it seems to start and exits with the code of docker-init or catatonit, or the start is refused. */
  readonly missingProgram: "exits 127" | "exits 1" | "start refused";
  /** A fleet of its own for each group of tests. */
  readonly open: () => TestInstances;
}

/** Every promise of the port in src/runtime/runtime.ts, as tests of one runtime. */
export function describeContract(contract: Contract): void {
  describe(`The runtime port, kept by ${contract.kind}:`, () => {
    describeRecords(contract);
    describeStdio(contract);
    describeEnds(contract);
    describeDifferences(contract);
  });
}
