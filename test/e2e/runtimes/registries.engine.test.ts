import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MountType, PullPolicy } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { errorInfo, failureOf, TestManager } from "../test-manager.ts";

/** What stands at an address that a caller wants to know of. Answers as no registry does. */
class Bystander implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server = createServer(({ url = "" }, response) => {
    this.asked.push(url);
    response.writeHead(500).end("the bystander's secret");
  });

  static async open(): Promise<Bystander> {
    const bystander = new Bystander();
    await new Promise<void>((resolve) => bystander.#server.listen(0, "127.0.0.1", resolve));
    return bystander;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("A Start", () => {
  let bystander: Bystander;
  let listing: TestManager;
  let listingNone: TestManager;
  beforeAll(async () => {
    bystander = await Bystander.open();
    listing = await TestManager.start({ MCPM_REGISTRIES: bystander.host, MCPM_MAX_CPUS: "1024" });
    listingNone = await TestManager.start();
  });
  afterAll(async () => {
    await listing?.[Symbol.asyncDispose]();
    await listingNone?.[Symbol.asyncDispose]();
    await bystander?.[Symbol.asyncDispose]();
  });

  it("of an image on a port of the engine's machine does not ask that port", async () => {
    for (const pullPolicy of [PullPolicy.IF_MISSING, PullPolicy.ALWAYS, PullPolicy.UNSPECIFIED]) {
      const spec = { image: `${bystander.host}/z:1`, pullPolicy };
      const error = await failureOf(listingNone.client.start({ name: "probe", spec }));
      expect(errorInfo(error)).toMatchObject({
        code: Code.PermissionDenied,
        reason: "DENIED_BY_OPERATOR",
        delivery: "not_sent",
        fields: ["spec.image"],
      });
    }
    expect(bystander.asked).toEqual([]);
    expect((await listingNone.client.list({})).servers).toEqual([]);
  });

  it("tells nothing of what a registry answered but its class, also when the operator listed it", async () => {
    const spec = { image: `${bystander.host}/z:1` };
    const error = await failureOf(listing.client.start({ name: "probe", spec }));
    expect(errorInfo(error)).toMatchObject({ code: Code.NotFound, reason: "IMAGE_UNAVAILABLE" });
    expect(error.rawMessage).not.toMatch(/secret|500|parsing/);
    expect(bystander.asked).not.toEqual([]);
  });

  it.each([
    ["a network that is not allowed", { network: { kind: { case: "bridge" as const, value: {} } } }],
    ["a capability that is not allowed", { capAdd: ["NET_ADMIN"] }],
    ["a writable root that is not allowed", { readOnlyRoot: false }],
    ["more memory than allowed", { limits: { memoryBytes: 1n << 50n } }],
    ["more CPUs than the engine's machine has", { limits: { cpus: 1000 } }],
    ["a label of the manager's", { labels: { "mcpm.server": "x" } }],
    ["a user that is none", { user: "a b" }],
    ["a bind mount that is not allowed", { mounts: [{ type: MountType.BIND, source: "/etc", target: "/data" }] }],
    ["a volume of the manager's", { mounts: [{ type: MountType.VOLUME, source: "mcpm-owner.x", target: "/data" }] }],
  ])("with %s is refused before its image is looked for", async (_what, wish) => {
    const before = bystander.asked.length;
    const spec = { image: `${bystander.host}/z:1`, ...wish };
    const { code } = errorInfo(await failureOf(listing.client.start({ name: "probe", spec })));
    expect([Code.PermissionDenied, Code.InvalidArgument]).toContain(code);
    expect(bystander.asked).toHaveLength(before);
  });
});
