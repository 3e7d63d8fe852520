import { describe, expect, it } from "vitest";
import { hostile, modern, openChildSession } from "../../child-server.ts";
import { call, receivedBy } from "../../hostile-session.ts";

async function ready(command: readonly string[]) {
  const child = openChildSession(command);
  await child.session.handshake({});
  return child;
}

describe("Session.setLogLevel", () => {
  it("tells a server of the legacy era", async () => {
    await using child = await ready(hostile("--offers"));
    await child.session.setLogLevel("warning", {});
    const told = (await receivedBy(child.session)).filter(({ method }) => method === "logging/setLevel");
    expect(told.map(({ params }) => params)).toEqual([{ level: "warning" }]);
  });

  it("is unsupported by a server that does not know it", async () => {
    await using child = await ready(hostile());
    const unknown = { kind: "unsupported", details: { reason: "METHOD_NOT_FOUND", delivery: "answered" } };
    await expect(child.session.setLogLevel("debug", {})).rejects.toMatchObject(unknown);
  });

  it("has every request to a server of the modern era say the level, over another attachment, too", async () => {
    await using child = openChildSession(modern());
    const conversation = await child.session.handshake({});
    const level = async () => {
      const { structuredContent } = JSON.parse((await call(child.session, "meta")).json);
      return structuredContent["io.modelcontextprotocol/logLevel"];
    };
    expect(await level()).toBe("info");
    await child.session.setLogLevel("error", {});
    expect(await level()).toBe("error");
    child.session.resume(conversation);
    expect(await level()).toBe("error");
  });

  it("is unsupported by a server of the modern era that declares no logging", async () => {
    await using child = await ready(modern("--no-logging"));
    const undeclared = { kind: "unsupported", details: { reason: "CAPABILITY_NOT_DECLARED", delivery: "not_sent" } };
    await expect(child.session.setLogLevel("debug", {})).rejects.toMatchObject(undeclared);
  });
});
