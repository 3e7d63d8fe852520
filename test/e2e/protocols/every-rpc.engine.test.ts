import { MountType, PullPolicy } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { describeEveryRpc } from "./every-rpc.ts";

describeEveryRpc({
  runtime: "docker",
  folder: "/scratch",
  spec: {
    image: "mcp/filesystem:latest",
    pullPolicy: PullPolicy.NEVER,
    args: ["/scratch"],
    mounts: [{ type: MountType.TMPFS, target: "/scratch" }],
  },
});
