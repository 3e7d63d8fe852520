import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { textOf } from "./calls.ts";
import { type Checks, expect, type Manager } from "./check.ts";

/** What an error of the manager says: its code, and the details that it carries. */
class Failure {
  readonly code: Code;
  /** Stable; docs/api.md lists them. Undefined: the error is of the client's own making. */
  readonly reason: string | undefined;
  /** `not_sent`, `sent` or `answered`: whether repeating the call is safe. */
  readonly delivery: string | undefined;
  /** Paths of the fields that break a rule. */
  readonly fields: string[];

  constructor(cause: unknown) {
    const error = ConnectError.from(cause);
    const [info] = error.findDetails(ErrorInfoSchema);
    const [badRequest] = error.findDetails(BadRequestSchema);
    this.code = error.code;
    this.reason = info?.reason;
    this.delivery = info?.metadata.delivery;
    this.fields = badRequest?.fieldViolations.map(({ field }) => field) ?? [];
  }

  toString(): string {
    return [Code[this.code], this.reason, this.delivery, ...this.fields].filter(Boolean).join(", ");
  }
}

const wrongType = {
  server: "everything",
  tool: "get-sum",
  input: { case: "arguments", value: { a: "two", b: 3 } },
} as const;

const slow = {
  server: "everything",
  tool: "trigger-long-running-operation",
  input: { case: "arguments", value: { duration: 20, steps: 1 } },
} as const;

export const failures: Checks = {
  // A tool that failed has answered: the RPC succeeds.
  "tool error": async (manager) => {
    const answer = await manager.callTool(wrongType);
    expect(answer.isError, textOf(answer));
    return textOf(answer);
  },

  // The manager checks the same arguments by the tool's schema, if asked to, and the tool is not called.
  "refused arguments": async (manager) => {
    const failure = await failureOf(manager.callTool({ ...wrongType, validateArguments: true }));
    expect(failure.code === Code.InvalidArgument && failure.reason === "ARGUMENTS_REJECTED", `${failure}`);
    expect(failure.delivery === "not_sent" && failure.fields.join() === "arguments.a", `${failure}`);
    return `${failure}`;
  },

  // The tool may have done its work: only the caller knows whether to call it again.
  "lost call": async (manager) => {
    const failing = failureOf(manager.callTool(slow));
    await untilInFlight(manager, 1n);
    await manager.restart({ name: "everything", gracePeriod: { seconds: 0n, nanos: 0 } });
    const failure = await failing;
    expect(failure.code === Code.Aborted && failure.reason === "SERVER_RESTARTED", `${failure}`);
    expect(failure.delivery === "sent", `${failure}`);
    return `${failure}`;
  },

  // The client's own error has no reason; the manager's, if it comes first, has one.
  deadline: async (manager) => {
    const failure = await failureOf(manager.callTool(slow, { timeoutMs: 500 }));
    expect(failure.code === Code.DeadlineExceeded, `${failure}`);
    await untilInFlight(manager, 0n);
    return `${failure}`;
  },

  cancel: async (manager) => {
    const leave = new AbortController();
    const failing = failureOf(manager.callTool(slow, { signal: leave.signal }));
    await untilInFlight(manager, 1n);
    leave.abort();
    const failure = await failing;
    expect(failure.code === Code.Canceled, `${failure}`);
    await untilInFlight(manager, 0n);
    return `${failure}`;
  },
};

/** What a call fails with; throws when it does not. */
async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    return new Failure(error);
  }
  throw new Error("the call did not fail");
}

/** Waits until so many calls are with the server. */
async function untilInFlight(manager: Manager, calls: bigint): Promise<void> {
  const giveUp = Date.now() + 10_000;
  for (;;) {
    const { server } = await manager.get({ name: "everything" });
    if (server?.callsInFlight === calls) return; // an int64 is a bigint
    expect(Date.now() < giveUp, `${server?.callsInFlight} calls in flight`);
  }
}
