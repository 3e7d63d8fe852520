import { describeTheLine } from "./any-runtime.ts";
import { hostileSpec } from "./test-manager.ts";

describeTheLine({ runtime: "docker", env: {}, hostile: hostileSpec });
