import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { MountType } from "../gen/mcpmanager/v1/server_pb.ts";
import { type Checks, expect, type Manager } from "./check.ts";
import { failureOf } from "./failure.ts";
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

interface Message {
  id?: number;
  method?: string;
  params?: { arguments?: { mark?: string }; requestId?: number };
}

/** What became of a call of the tool `never`: the server has kept every message that reached it. */
async function fateOf(manager: Manager, mark: string): Promise<"unknown" | "running" | "cancelled"> {
  const { structured } = await manager.callTool({ server: "hostile", tool: "received" });
  expect(structured.case === "structuredContent", `${structured.case}`);
  const { messages } = toJson(ValueSchema, structured.value) as unknown as { messages: Message[] };
  const call = messages.findLast(({ params }) => params?.arguments?.mark === mark);
  if (call === undefined) return "unknown";
  const isCancel = ({ method, params }: Message) =>
    method === "notifications/cancelled" && params?.requestId === call.id;
  return messages.some(isCancel) ? "cancelled" : "running";
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUp = Date.now() + 10_000;
  while (!(await holds())) expect(Date.now() < giveUp, "the server was not told within 10 s");
}
