import { describe, expect, it } from "vitest";
import type { LogFields } from "../../../src/base/log/log.ts";
import { silentLog } from "../../../src/base/log/log.ts";
import { KeptLogLevel } from "../../../src/fleet/resources/kept-log-level.ts";
import { scriptedSession } from "../../mcp/scripted-session.ts";

const refusal = { error: { code: -32601, message: "Method not found" } };

function live(instance: string, response: Parameters<typeof scriptedSession>[0] = () => "{}") {
  const scripted = scriptedSession(response);
  const levels = () => scripted.sent.map(({ params }) => (params as { level: string }).level);
  return { ...scripted, instance, levels };
}

function keep() {
  const warnings: (LogFields | undefined)[] = [];
  const log = { ...silentLog, warn: (_message: string, fields?: LogFields) => warnings.push(fields) };
  return { kept: new KeptLogLevel("s", { log }), warnings };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("KeptLogLevel", () => {
  it("tells nobody anything before a level was set", async () => {
    const { kept } = keep();
    const one = live("1");
    kept.attend([one]);
    await settled();
    expect(one.levels()).toEqual([]);
  });

  it("tells each session once, and the next ones, too", async () => {
    const { kept } = keep();
    const [one, two, three] = [live("1"), live("2"), live("3")];
    await kept.set("debug", { session: one.session, signal: undefined });
    kept.attend([one, two]);
    kept.attend([one, two]);
    kept.attend([three]);
    await kept.set("error", { session: three.session, signal: undefined });
    await settled();
    expect([one, two, three].map((session) => session.levels())).toEqual([["debug"], ["debug"], ["debug", "error"]]);
  });

  it("keeps nothing that the server refused", async () => {
    const { kept } = keep();
    const [one, two] = [live("1", () => refusal), live("2")];
    await expect(kept.set("debug", { session: one.session, signal: undefined })).rejects.toMatchObject({
      kind: "unsupported",
    });
    kept.attend([two]);
    await settled();
    expect(two.levels()).toEqual([]);
  });

  it("notes when a session that comes later refuses", async () => {
    const { kept, warnings } = keep();
    await kept.set("debug", { session: live("1").session, signal: undefined });
    kept.attend([live("2", () => refusal)]);
    await settled();
    expect(warnings).toMatchObject([{ server: "s", instance: "2", level: "debug" }]);
  });
});
