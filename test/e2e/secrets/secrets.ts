import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SecretSource } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { Era, type ServerSpecSchema } from "../../../gen/mcpmanager/v1/server_pb.ts";
import type { SecretSource as Source } from "../../../src/base/spec/declaration.ts";
import { stateHome } from "../../state-home.ts";
import { errorInfo, failureOf, type ManagerClient, TestManager, textOf } from "../test-manager.ts";

/** What is planted, of each kind of source. Nothing that is shown may have any of them. */
const planted = {
  file: "planted-in-a-file",
  env: "planted-in-the-environment",
  command: "planted-in-a-command",
  rotated: "planted-in-a-file-later",
};

/** Answers with what is in its environment, one call a variable, and complains of it when asked to. */
const program = `
  const { createInterface } = require("node:readline");
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) return;
    const say = (result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
    const info = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } };
    if (method === "initialize") return say(info);
    if (params?.name === "exit") process.exit(3);
    say({ content: [{ type: "text", text: String(process.env[params?.arguments?.name]) }] });
  });`;

export interface SecretsStage {
  readonly runtime: "docker" | "process";
  /** A spec that runs this program by Node. */
  readonly spec: (program: string) => MessageInitShape<typeof ServerSpecSchema>;
}

/** Secrets from a Start to a rotation, and where their values are not seen meanwhile. */
export function describeSecrets({ runtime, spec }: SecretsStage): void {
  const folder = mkdtempSync(join(tmpdir(), "planted-"));
  const file = join(folder, "value");
  const secrets = new Map<string, Source>([
    ["from-file", { kind: "file", path: file }],
    ["from-env", { kind: "env", name: "PLANTED" }],
    // Not in its arguments either, which anyone on the machine sees.
    ["from-command", { kind: "command", argv: ["cat", join(folder, "command")] }],
    ["missing", { kind: "file", path: join(folder, "none") }],
  ]);
  const named = { FILE: "from-file", ENV: "from-env", COMMAND: "from-command" };
  const wanted = { ...spec(program), era: Era.LEGACY, secrets: named };
  const shown: string[] = [];
  let manager: TestManager;
  let client: ManagerClient;
  beforeAll(async () => {
    writeFileSync(file, `${planted.file}\n`);
    writeFileSync(join(folder, "command"), `${planted.command}\n`);
    manager = await TestManager.start(
      { MCPM_RUNTIME: runtime, PLANTED: planted.env },
      { secrets, onLog: (line) => shown.push(line) },
    );
    client = manager.client;
    void watch(client, shown);
  });
  afterAll(async () => {
    await manager[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const tell = async (server: string, name: string) => {
    const input = { case: "arguments", value: { name } } as const;
    return textOf(await client.callTool({ server, tool: "env", input }));
  };

  describe(`On the runtime ${runtime} a secret`, () => {
    it("that is declared reaches the server, from each kind of source, without its caller", async () => {
      const { server } = await client.start({ name: "planted", spec: wanted });
      expect(server?.spec?.secrets).toEqual(named);
      expect(await tell("planted", "FILE")).toBe(planted.file);
      expect(await tell("planted", "ENV")).toBe(planted.env);
      expect(await tell("planted", "COMMAND")).toBe(planted.command);
    });

    it("is listed with its source and its users, and so is one that nobody uses", async () => {
      const { secrets: listed } = await client.listSecrets({});
      expect(listed.map(({ name, source, servers }) => [name, source, servers])).toEqual([
        ["from-command", SecretSource.COMMAND, ["planted"]],
        ["from-env", SecretSource.ENV, ["planted"]],
        ["from-file", SecretSource.FILE, ["planted"]],
        ["missing", SecretSource.FILE, []],
      ]);
    });

    it("that is not declared is INVALID_ARGUMENT by its field, and nothing is made", async () => {
      const failure = await failureOf(client.start({ name: "nobody", spec: { ...wanted, secrets: { T: "nope" } } }));
      expect(errorInfo(failure)).toMatchObject({ code: Code.InvalidArgument, fields: ['spec.secrets["T"]'] });
      await expect(client.get({ name: "nobody" })).rejects.toMatchObject({ code: Code.NotFound });
    });

    it("that can't be read is SECRET_UNRESOLVED by its field, with what to do, and nothing is left", async () => {
      const failing = { ...wanted, secrets: { ...named, T: "missing" } };
      const failure = await failureOf(client.start({ name: "unresolved", spec: failing }));
      expect(errorInfo(failure)).toMatchObject({
        code: Code.FailedPrecondition,
        reason: "SECRET_UNRESOLVED",
        delivery: "not_sent",
        fields: ['spec.secrets["T"]'],
      });
      expect(failure.rawMessage).toContain('secret "missing": its file does not exist');
      expect((await client.list({})).servers.map(({ name }) => name)).toEqual(["planted"]);
      shown.push(JSON.stringify(failure), failure.rawMessage);
    });

    it("whose value changes stays what it was in a container, and is the new one in the next", async () => {
      writeFileSync(file, planted.rotated);
      await client.restart({ name: "planted", gracePeriod: { seconds: 0n } });
      expect(await tell("planted", "FILE")).toBe(planted.file);
      await client.stop({ name: "planted", gracePeriod: { seconds: 0n } });
      await client.start({ name: "planted", spec: wanted });
      expect(await tell("planted", "FILE")).toBe(planted.rotated);
    });

    it("is the server's after the server has exited and was started again by itself", async () => {
      const failure = await failureOf(client.callTool({ server: "planted", tool: "exit" }));
      shown.push(JSON.stringify(failure), failure.rawMessage);
      expect(await tell("planted", "FILE")).toBe(planted.rotated);
    });

    it("has its value in no label, list, log, error, event or argument", async () => {
      const texts = [...shown, ...(await everythingShown(manager))];
      if (runtime === "docker") texts.push(...(await labelsAndEvents(manager)));
      texts.push(await argumentsOfAll(), ...kept(manager));
      expect(texts.length).toBeGreaterThan(8);
      for (const value of Object.values(planted)) {
        expect(texts.filter((text) => text.includes(value))).toEqual([]);
      }
    });

    it.runIf(runtime === "docker")("has its value in the environment of no child of the manager", async () => {
      const { stdout } = await promisify(execFile)("pgrep", ["-P", String(process.pid)]).catch(() => ({ stdout: "" }));
      for (const pid of stdout.trim().split("\n")) {
        const environment = pid === "" ? "" : readOrNothing(`/proc/${pid}/environ`);
        for (const value of Object.values(planted)) expect(environment).not.toContain(value);
      }
    });
  });
}

async function watch(client: ManagerClient, shown: string[]): Promise<void> {
  try {
    for await (const event of client.watch({})) shown.push(text(event));
  } catch {
    // The manager ended.
  }
}

/** What any caller can ask for. */
async function everythingShown(manager: TestManager): Promise<string[]> {
  const { client, url } = manager;
  const logs: string[] = [];
  for await (const line of client.logs({ server: "planted" })) logs.push(text(line));
  const rest = ["/servers", "/servers/planted", "/secrets", "/info", "/openapi.json"].map(async (path) =>
    (await fetch(`${url}${path}`)).text(),
  );
  const asked = [client.list({}), client.get({ name: "planted" }), client.getInfo({}), client.listSecrets({})];
  return [...logs, ...(await Promise.all(rest)), ...(await Promise.all(asked)).map(text)];
}

/** What the engine shows of containers without being asked for their configuration. */
async function labelsAndEvents({ engine }: TestManager): Promise<string[]> {
  const filters = { label: [`mcpm.fleet=${engine.fleet}`] };
  const containers = await engine.docker.listContainers({ all: true, filters });
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const events = await engine.docker.getEvents({ since: 0, until, filters } as object);
  let told = "";
  for await (const chunk of events) told += String(chunk);
  return [JSON.stringify(containers), told];
}

/** What the manager has written into its state folder. */
function kept({ fleet }: TestManager): string[] {
  const folder = join(stateHome(), "mcp-docker-manager", fleet);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => `${name} ${readFileSync(join(parentPath, name), "latin1")}`);
}

/** The arguments of every process that can be seen here. */
async function argumentsOfAll(): Promise<string> {
  const { stdout } = await promisify(execFile)("ps", ["-eww", "-o", "args"], { maxBuffer: 1 << 26 });
  return stdout;
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function text(message: unknown): string {
  return JSON.stringify(message, (_key, value) => (typeof value === "bigint" ? String(value) : value));
}
