import { hostileSpec } from "../test-manager.ts";
import { describeTheLine } from "./any-runtime.ts";

describeTheLine({ runtime: "docker", env: {}, hostile: hostileSpec });
