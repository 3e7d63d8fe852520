import { vi } from "vitest";
import { describeContract } from "../contract.ts";
import { TestProcesses } from "./test-processes.ts";

// Each test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

describeContract({
  open: () => new TestProcesses(),
  abilities: {
    kind: "process",
    adoption: false,
    ownership: false,
    images: false,
    limits: false,
    mounts: false,
    network: false,
    user: false,
    readOnlyRoot: false,
    capabilities: false,
    eofFirst: true,
    missingProgram: "start refused",
  },
});
