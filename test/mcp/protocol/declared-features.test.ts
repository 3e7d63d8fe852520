import { describe, expect, it } from "vitest";
import type { ManagerError } from "../../../src/base/errors/errors.ts";
import { legacyCodec } from "../../../src/mcp/eras/legacy.ts";
import { scriptedSession } from "../scripted-session.ts";

/** A server that declares these capabilities, and answers everything with an error of its own. */
function declaring(capabilitiesJson: string | undefined) {
  const identity = { serverName: "x", serverVersion: "1", instructions: "" };
  const info =
    capabilitiesJson === undefined
      ? undefined
      : ({ era: "legacy", protocolVersion: "2025-11-25", ...identity, capabilitiesJson } as const);
  return scriptedSession(() => ({ error: { code: -32603, message: "internal" } }), {
    codec: legacyCodec,
    info,
    subscribed: new Set(),
  });
}

const completion = { ref: { prompt: "p" }, argumentName: "a", argumentValue: "", contextArguments: {} };

type Ask = (session: ReturnType<typeof declaring>["session"]) => Promise<unknown>;

const asks: readonly (readonly [string, Ask])[] = [
  ["tools/list", (session) => session.listTools({})],
  ["tools/call", (session) => session.callTool({ tool: "x" }, {})],
  ["resources/list", (session) => session.resources.listing.get({})],
  ["resources/templates/list", (session) => session.resources.templates.get({})],
  ["resources/read", (session) => session.resources.read({ uri: "x:y" }, {})],
  ["prompts/list", (session) => session.prompts.listing.get({})],
  ["prompts/get", (session) => session.prompts.get({ prompt: "p", arguments: {} }, {})],
  ["completion/complete", (session) => session.complete(completion, {})],
  ["logging/setLevel", (session) => session.setLogLevel("info", {})],
];

async function asked(capabilities: string | undefined): Promise<string[]> {
  const methods: string[] = [];
  for (const [method, ask] of asks) {
    const { session, sent } = declaring(capabilities);
    const failure = (await ask(session).catch((error: unknown) => error)) as ManagerError;
    if (sent.length > 0) methods.push(method);
    else {
      const details = { reason: "METHOD_NOT_FOUND", delivery: "not_sent" };
      expect(failure).toMatchObject({ kind: "unsupported", message: expect.stringContaining(method), details });
    }
  }
  return methods;
}

describe("A server that declares features", () => {
  it.each([
    ['{"tools":{}}', ["tools/list", "tools/call"]],
    ['{"tools":{"listChanged":true},"resources":null,"prompts":false}', ["tools/list", "tools/call"]],
    ['{"prompts":{},"logging":{}}', ["prompts/list", "prompts/get", "completion/complete", "logging/setLevel"]],
    ['{"completions":{}}', ["completion/complete"]],
    ['{"resources":{}}', ["resources/list", "resources/templates/list", "resources/read", "completion/complete"]],
  ])("is asked for these alone: %s", async (capabilities, methods) => {
    expect(await asked(capabilities)).toEqual(methods);
  });

  it.each(["{}", '{"experimental":{}}', "null", undefined])(
    "is asked for everything when it names none: %s",
    async (capabilities) => {
      expect(await asked(capabilities)).toEqual(asks.map(([method]) => method));
    },
  );
});
