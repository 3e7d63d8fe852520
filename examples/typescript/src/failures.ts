import { Code } from "@connectrpc/connect";
import { MountType } from "../gen/mcpmanager/v1/server_pb.ts";
import { type Checks, expect } from "./check.ts";
import { failureOf } from "./failure.ts";
import { fateOf, until } from "./received.ts";
import { everything } from "./specs.ts";

export const failures: Checks = {
  deadline: async (manager) => {
    const failure = await failureOf(manager.callTool(never("deadline"), { timeoutMs: 500 }));
    expect(failure.code === Code.DeadlineExceeded, `${failure}`);
    await until(async () => (await fateOf(manager, "deadline")) === "cancelled");
    return `${failure}; the server was told`;
  },

  cancel: async (manager) => {
    const leave = new AbortController();
    const failing = failureOf(manager.callTool(never("cancel"), { signal: leave.signal }));
    await until(async () => (await fateOf(manager, "cancel")) === "running");
    leave.abort();
    const failure = await failing;
    expect(failure.code === Code.Canceled, `${failure}`);
    await until(async () => (await fateOf(manager, "cancel")) === "cancelled");
    return `${failure}; the server was told`;
  },

  ErrorInfo: async (manager) => {
    const input = { case: "arguments", value: { code: 7, stderr: "out of luck" } } as const;
    const failure = await failureOf(manager.callTool({ server: "hostile", tool: "exit", input }));
    expect(failure.code === Code.Aborted && failure.reason === "SERVER_EXITED", `${failure}`);
    expect(failure.delivery === "sent" && failure.metadata.exit_code === "7", `${failure}`);
    const lastLine = failure.metadata.stderr_tail?.split("\n").at(-1);
    return `${failure}; exit code 7, stderr: ${lastLine}`;
  },

  BadRequest: async (manager) => {
    const mounts = [{ type: MountType.VOLUME, source: "data", target: "not/absolute" }];
    const failure = await failureOf(manager.start({ name: "other", spec: { ...everything, mounts } }));
    expect(failure.code === Code.InvalidArgument, `${failure}`);
    expect(failure.fields.join() === "spec.mounts[0].target", `${failure}`);
    return `${failure}`;
  },

  "validated arguments": async (manager) => {
    const input = { case: "arguments", value: { a: "two", b: 3 } } as const;
    const call = { server: "everything", tool: "get-sum", input, validateArguments: true };
    const failure = await failureOf(manager.callTool(call));
    expect(failure.code === Code.InvalidArgument && failure.delivery === "not_sent", `${failure}`);
    expect(failure.fields.join() === "arguments.a", `${failure}`);
    return `${failure}`;
  },

  "too large a request": async (manager) => {
    const { limits } = await manager.getInfo({});
    const message = "x".repeat(Number(limits?.maxRequestBytes));
    const input = { case: "arguments", value: { message } } as const;
    const failure = await failureOf(manager.callTool({ server: "everything", tool: "echo", input }));
    expect(failure.code === Code.ResourceExhausted && failure.reason === "MESSAGE_TOO_LARGE", `${failure}`);
    return `${failure}`;
  },
};

function never(mark: string) {
  return { server: "hostile", tool: "never", input: { case: "arguments", value: { mark } } } as const;
}
