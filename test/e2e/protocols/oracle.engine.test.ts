import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { TestManager } from "../test-manager.ts";
import { consumed, differenceOf } from "./oracle/differences.ts";
import { losses } from "./oracle/losses.ts";
import { OurServer } from "./oracle/manager-client.ts";
import { type Era, type Outcome, type SdkClient, sdkClients } from "./oracle/sdk-clients.ts";
import { partnerServers } from "./oracle/servers.ts";
import { absentFields } from "./oracle/untyped.ts";

// The oracle: what callers of the manager get of a server is what the SDK's own clients get of it, but for the listed
// differences. Both sides run the server in containers. MCPM_TEST_ORACLE_TABLE=1 prints the table.

let manager: TestManager;
const rows: string[] = [];
beforeAll(async () => {
  manager = await TestManager.start();
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  if (process.env.MCPM_TEST_ORACLE_TABLE !== undefined) console.log(table());
});

const columns = partnerServers.flatMap((server) => server.eras.map((era) => ({ server, era, name: server.name })));

describe.each(columns)("The server $name in the $era era", ({ server, era }) => {
  let tools: unknown[];
  const ours: { readonly json: Outcome; readonly typed: Outcome }[] = [];
  beforeAll(async () => {
    await using running = await OurServer.start(manager.client, server, era);
    tools = await running.listTools();
    for (const [tool, args = {}] of server.calls) {
      ours.push({ json: await running.json(tool, args), typed: await running.typed(tool, args) });
    }
  });

  it("answers in the typed form what it answers in JSON", () => {
    expect(ours.map(({ typed }) => typed)).toEqual(ours.map(({ json }) => withAbsent(json)));
  });

  describe.each(Object.keys(sdkClients[era]))("called by the %s client", (client) => {
    let sdk: SdkClient;
    beforeAll(async () => {
      sdk = await openSdk(era, client)(server);
    });
    afterAll(() => sdk?.[Symbol.asyncDispose]());

    it("lists the same tools, all of which are called here", async () => {
      const listed = (await sdk.listTools()) as { name: string }[];
      expect(tools).toEqual(listed);
      expect(server.calls.map(([tool]) => tool)).toEqual(expect.arrayContaining(listed.map(({ name }) => name)));
    });

    it("answers every call the same, but for the listed differences", async () => {
      const differing: string[] = [];
      for (const [index, call] of server.calls.entries()) {
        const [tool, args = {}, name] = call;
        const json = ours[index]?.json as Outcome;
        const theirs = await sdk.call(tool, args);
        const difference = differenceOf(name, client);
        const what = `${tool} ${JSON.stringify(args)}`;
        if (difference === undefined) expect(theirs, what).toEqual(consumed(json, era));
        else {
          expect(theirs, `${what} is listed as different`).not.toEqual(consumed(json, era));
          expect(theirs, what).toEqual(difference.sdk(consumed(json, era)));
          differing.push(`${name} (${tool})`);
        }
      }
      const equal = server.calls.length - differing.length;
      rows.push(`| ${server.name} | ${era} | ${client} | ${tools.length} | ${equal} | ${differing.join(", ")} |`);
    });
  });
});

describe("What a server may write and the SDK's clients don't keep", () => {
  const server = { name: "hostile", image: testImage, args: ["hostile.mjs"], eras: [], calls: [] };
  let ours: OurServer;
  const clients: SdkClient[] = [];
  beforeAll(async () => {
    ours = await OurServer.start(manager.client, server, "legacy");
    for (const open of Object.values(sdkClients.legacy)) clients.push(await open(server));
  });
  afterAll(() => Promise.all(clients.map((client) => client[Symbol.asyncDispose]())));

  it.each(losses)("comes through ours: $what", async ({ json, sdk }) => {
    const exact = await ours.json("raw", { json });
    expect(await ours.text("raw", { json })).toBe(json);
    expect(await ours.typed("raw", { json })).toEqual(withAbsent(exact));
    for (const client of clients) {
      const theirs = await client.call("raw", { json });
      expect(theirs).toEqual(sdk === "refuses it" ? { refused: expect.any(String) } : { result: sdk });
      expect(theirs).not.toEqual(exact);
    }
  });

  it("comes through ours in listings: both clients refuse a whole listing for one odd tool", async () => {
    expect(await ours.listTools()).toContainEqual(expect.objectContaining({ name: "big", icons: [{ src: "data:," }] }));
    for (const client of clients) await expect(client.listTools()).rejects.toThrow(/inputSchema/);
  });
});

function openSdk(era: Era, client: string): (typeof sdkClients.legacy)["SDK v1"] {
  const clients: Record<string, (typeof sdkClients.legacy)["SDK v1"]> = sdkClients[era];
  const open = clients[client];
  if (open === undefined) throw new Error(`no ${client} client for ${era}`);
  return open;
}

function withAbsent(outcome: Outcome): Outcome {
  return "result" in outcome ? { result: { ...absentFields, ...(outcome.result as object) } } : outcome;
}

function table(): string {
  const head = "| server | era | the SDK's client | tools | calls with equal results | listed differences |";
  return [head, head.replaceAll(/[^|]+/g, " --- "), ...rows].join("\n");
}
