import { describeContract } from "../contract.ts";
import { TestFleet } from "./test-fleet.ts";

describeContract({
  open: () => new TestFleet(),
  abilities: {
    kind: "docker",
    adoption: true,
    ownership: true,
    images: true,
    limits: true,
    mounts: true,
    network: true,
    user: true,
    readOnlyRoot: true,
    capabilities: true,
    eofFirst: false,
    missingProgram: "exits 127",
  },
});
