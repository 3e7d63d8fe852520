import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { askers, protocols } from "../../contract/ask.ts";
import { TestManager } from "../test-manager.ts";

let manager: TestManager;
let withoutLean: TestManager;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  withoutLean = await TestManager.start({ MCPM_RUNTIME: "process" }, { fastPath: false });
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await withoutLean[Symbol.asyncDispose]();
});

const asked = {
  List: {},
  CallTool: { server: "x", tool: "echo" },
  CallToolStream: { server: "x", tool: "echo" },
  Watch: {},
};
const each = protocols.flatMap((protocol) => Object.keys(asked).map((rpc) => [rpc, protocol] as const));

describe("What a page of another site asks for", () => {
  it.each(each)("is refused in its protocol: %s over %s", async (rpc, protocol) => {
    for (const { url } of [manager, withoutLean]) {
      const request = asked[rpc as keyof typeof asked];
      const response = await askers(url)[protocol](rpc, request, { headers: { "sec-fetch-site": "cross-site" } });
      expect(response).toMatchObject({ code: Code.PermissionDenied, reason: "ORIGIN_NOT_ALLOWED" });
      expect(response.metadata).toMatchObject({ delivery: "not_sent" });
    }
  });
});

describe("What stays open to programs by GET", () => {
  const rpc = `/${ManagerService.typeName}/List?connect=v1&encoding=json&message={}`;
  const probes = ["/health", "/ready", "/openapi.json", "/info"];

  it.each([...probes, "/servers", rpc])("is %s, which tells a browser to embed it nowhere", async (path) => {
    const response = await fetch(`${manager.url}${path}`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    });
    await response.body?.cancel();
    const page = await fetch(`${manager.url}${path}`, { headers: { "sec-fetch-site": "same-site" } });
    const { code } = (await page.json()) as { code: unknown };
    expect([page.status, code]).toEqual([403, path === rpc ? "permission_denied" : 7]);
  });

  it("is a stream of lines, too", async () => {
    const response = await fetch(`${manager.url}/watch`);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    await response.body?.cancel();
  });
});
