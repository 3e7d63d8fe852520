import { Code } from "@connectrpc/connect";
import type { Cause, Stage } from "./cause.ts";

/** A call whose arguments are checked against this input schema of the tool. */
const checked = (
  reason: Cause["reason"],
  how: string,
  about: Pick<Cause, "code" | "also">,
  given: { schema: object; text: unknown },
): Cause => ({
  reason,
  how: `a call with validate_arguments ${how}`,
  ...about,
  delivery: "not_sent",
  provoke: async (stage) => {
    const server = await stage.start(["--schema", JSON.stringify(given.schema)]);
    const request = { server, tool: "echo", arguments: { text: given.text as string }, validate_arguments: true };
    return stage.ask("CallTool", request);
  },
});

const keyed = (stage: Stage, server: string, tool: string, value: object) =>
  stage.client.callTool({
    server,
    tool,
    input: { case: "argumentsJson", value: JSON.stringify(value) },
    idempotencyKey: "k",
  });

/** Causes of calls with an idempotency key or with arguments that are checked. */
export const keyedCauses: readonly Cause[] = [
  checked(
    "ARGUMENTS_REJECTED",
    "that breaks the tool's schema",
    { code: Code.InvalidArgument, also: { fields: ["arguments.text"] } },
    { schema: { properties: { text: { type: "string" } } }, text: 7 },
  ),
  checked(
    "SCHEMA_UNSUPPORTED",
    "of a tool whose schema is of a draft that nobody knows",
    { code: Code.FailedPrecondition },
    { schema: { $schema: "https://example.com/mine" }, text: "x" },
  ),
  checked(
    "SCHEMA_TOO_SLOW",
    "of a tool whose schema has a hostile pattern",
    { code: Code.ResourceExhausted },
    { schema: { properties: { text: { pattern: "^(a+)+$" } } }, text: `${"a".repeat(60)}!` },
  ),
  {
    reason: "IDEMPOTENCY_KEY_REUSED",
    how: "a key with another input",
    code: Code.InvalidArgument,
    delivery: "not_sent",
    provoke: async (stage) => {
      const server = await stage.start();
      await keyed(stage, server, "echo", { text: "one" });
      return stage.ask("CallTool", { server, tool: "echo", arguments: { text: "two" }, idempotency_key: "k" });
    },
  },
  {
    reason: "CALL_ABANDONED",
    how: "a key whose call was given up when its last caller left",
    code: Code.Aborted,
    delivery: "sent",
    provoke: async (stage) => {
      const server = await stage.start();
      const left = new AbortController();
      const call = keyedLeaving(stage, server, left.signal);
      await stage.reaches(server, 1);
      left.abort();
      await call;
      await stage.reaches(server, 0);
      return stage.ask("CallTool", { server, tool: "never", arguments: {}, idempotency_key: "k" });
    },
  },
  {
    reason: "IDEMPOTENCY_RESULT_EVICTED",
    how: "a key whose result had to make room for 64 MiB of others",
    code: Code.FailedPrecondition,
    delivery: "answered",
    provoke: async (stage) => {
      const server = await stage.start();
      await keyed(stage, server, "echo", { text: "one" });
      const value = JSON.stringify({ bytes: 1_000_000 });
      for (let index = 0; index < 70; index += 1) {
        const input = { case: "argumentsJson", value } as const;
        await stage.client.callTool({
          server,
          tool: "large",
          input,
          idempotencyKey: `large ${index}`,
          resultFormat: 2,
        });
      }
      return stage.ask("CallTool", { server, tool: "echo", arguments: { text: "one" }, idempotency_key: "k" });
    },
  },
];

async function keyedLeaving(stage: Stage, server: string, signal: AbortSignal): Promise<void> {
  const input = { case: "argumentsJson", value: "{}" } as const;
  await stage.client.callTool({ server, tool: "never", input, idempotencyKey: "k" }, { signal }).catch(() => {});
}
