import { describeContract } from "../contract.ts";
import { TestFleet } from "./test-fleet.ts";

describeContract({ kind: "docker", missingProgram: "exits 127", open: () => new TestFleet() });
