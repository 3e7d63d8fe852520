import { describe, expect, it } from "vitest";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { legacyVersions } from "../../../src/mcp/eras/legacy.ts";
import { hostile, openChildSession } from "../child-server.ts";
import { call, ready, receivedBy, textOf } from "../hostile-session.ts";

describe("Session.handshake", () => {
  it.each(legacyVersions)("accepts a server that speaks %s", async (version) => {
    await using child = openChildSession(hostile("--version", version));
    const { info } = await child.session.handshake({ era: "legacy" });
    expect(info).toEqual({
      era: "legacy",
      protocolVersion: version,
      serverName: "hostile",
      serverVersion: "1.0.0",
      instructions: "handle with care",
      capabilitiesJson: '{"tools":{"listChanged":true},"logging":{}}',
    });
  });

  it("offers the newest legacy version and no capabilities, and then says that it is initialized", async () => {
    await using child = await ready();
    const [initialize, initialized] = await receivedBy(child.session);
    expect(initialize).toMatchObject({
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "0" } },
    });
    expect(initialized).toEqual({ jsonrpc: "2.0", method: "notifications/initialized", params: {} });
  });

  it.each(["2026-07-28", "1999-01-01", ""])("refuses a server that answers with version %j", async (version) => {
    await using child = openChildSession(hostile("--version", version));
    await expect(child.session.handshake({ era: "legacy" })).rejects.toMatchObject({
      kind: "protocol",
      details: { reason: "UNSUPPORTED_PROTOCOL_VERSION", delivery: "answered" },
    });
  });

  it("says so when the server refuses to initialize", async () => {
    await using child = openChildSession(hostile("--refuse-initialize"));
    await expect(child.session.handshake({ era: "legacy" })).rejects.toMatchObject({
      kind: "server_error",
      message: "the server answered initialize with error -32000: not you",
      details: { reason: "SERVER_ERROR", rpcCode: -32000 },
    });
  });

  it("ends with the reason of its signal, and never cancels initialize", async () => {
    await using child = openChildSession(hostile("--handshake-ms", "50"));
    const controller = new AbortController();
    const first = child.session.handshake({ era: "legacy", signal: controller.signal });
    // The written line shows that the server may have it.
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(
      new ManagerError("deadline", "too late", { details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" } }),
    );
    await expect(first).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
    await child.session.handshake({ era: "legacy" });
    const methods = (await receivedBy(child.session)).map(({ method }) => method);
    expect(methods).toEqual(["initialize", "initialize", "notifications/initialized", "tools/call"]);
  });

  it("keeps no more of what the server says of itself than clients can take in a list", async () => {
    const texts = { instructions: "@100000", serverInfo: { name: "@1000", version: "@1000" } };
    await using child = openChildSession(hostile("--result", JSON.stringify(texts)));
    const { info } = await child.session.handshake({ era: "legacy" });
    if (info === undefined) throw new Error("the server said nothing of itself");
    expect(Buffer.byteLength(info.instructions)).toBeLessThanOrEqual(16 * 1024);
    expect(info.instructions.endsWith("é…")).toBe(true);
    for (const name of [info.serverName, info.serverVersion]) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(256);
      expect(name.endsWith("é…")).toBe(true);
    }
  });

  it("refuses a server whose capabilities are too long to keep", async () => {
    await using child = openChildSession(hostile("--result", '{"capabilities":{"x":"@40000"}}'));
    await expect(child.session.handshake({ era: "legacy" })).rejects.toMatchObject({
      kind: "protocol",
      message: "the server's capabilities have more than 65536 bytes",
      details: { reason: "MALFORMED_REPLY", delivery: "answered" },
    });
  });

  it("is not disturbed by a banner", async () => {
    await using child = await ready("--banner");
    expect(child.heard.stray).toEqual(["Welcome!", '{"level":"info","msg":"not a message"}']);
    expect(textOf(await call(child.session, "echo", { text: "hi" }))).toBe("hi");
  });
});
