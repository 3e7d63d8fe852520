import { podmanCapabilities, runtimeCapabilities } from "../../../src/runtime/capabilities.ts";
import { describeContract } from "../contract.ts";
import { TestFleet, testEngine } from "./test-fleet.ts";

const { Components: parts = [] } = (await testEngine().version()) as { readonly Components?: { Name: string }[] };
const isPodman = parts.some(({ Name }) => Name === "Podman Engine");

describeContract({
  kind: "docker",
  capabilities: isPodman ? podmanCapabilities : runtimeCapabilities.docker,
  missingProgram: isPodman ? "exits 1" : "exits 127",
  open: () => new TestFleet(),
});
