import { vi } from "vitest";
import { runtimeCapabilities } from "../../../src/runtime/capabilities.ts";
import { describeContract } from "../contract.ts";
import { TestProcesses } from "./test-processes.ts";

// Each test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

describeContract({
  kind: "process",
  capabilities: runtimeCapabilities.process,
  missingProgram: "start refused",
  open: () => new TestProcesses(),
});
