import { PullPolicy } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { describeSecrets } from "./secrets.ts";

describeSecrets({
  runtime: "docker",
  spec: (program) => ({ image: testImage, args: ["-e", program], pullPolicy: PullPolicy.NEVER }),
});
