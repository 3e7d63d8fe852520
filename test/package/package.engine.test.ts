import { chmod, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MountType, PullPolicy, type ServerSpecSchema } from "../../gen/mcpmanager/v1/server_pb.ts";
import { ManagerProcess } from "../e2e/manager-process.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { InstalledPackage } from "./installed-package.ts";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const filesystemServer = createRequire(import.meta.url).resolve(
  "@modelcontextprotocol/server-filesystem/dist/index.js",
);

/** The README's program. */
const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
const [, program = ""] = /```ts\n(\/\/ call\.ts\n.*?)```/s.exec(readme) ?? [];

let installed: InstalledPackage;
let folder: string;
beforeAll(async () => {
  installed = await InstalledPackage.install();
  folder = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-served-")));
  // The server in the container is another user.
  await chmod(folder, 0o755);
  await writeFile(path.join(folder, "hello.txt"), "Hello");
}, 180_000);
afterAll(async () => {
  await installed?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("The package that npm pack makes", () => {
  it("holds what runs, types for clients, protos and docs, and nothing else", () => {
    const kinds = new Set(
      installed.files.map((file) =>
        file
          .replace(/[^/]+$/, "")
          .split("/")
          .slice(0, 3)
          .join("/"),
      ),
    );
    expect([...kinds].filter((kind) => !/^dist\/(?:src|gen)\//.test(kind)).sort()).toEqual([
      "",
      "dist/types/gen",
      "dist/types/src",
      "docs/",
      "docs/internals/",
      "proto/mcpmanager/v1",
    ]);
    const types = installed.files.filter((file) => file.endsWith(".ts"));
    expect(
      types.filter((file) => !/^dist\/types\/(?:src\/client|gen\/(?:google|mcpmanager)\/.*)\.d\.ts$/.test(file)),
    ).toEqual([]);
  });

  it("has a command that tells its version and its settings", async () => {
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await installed.run(installed.command, ["--version"])).toBe(`${version}\n`);
    expect(await installed.run(installed.command, ["--help"])).toMatch(
      /^Usage: mcp-docker-manager .*--port, MCPM_PORT/s,
    );
  });

  it("refuses a wrong flag by its name", async () => {
    await expect(installed.run(installed.command, ["--prot", "1"])).rejects.toThrow(
      "mcp-docker-manager: Unknown option '--prot'",
    );
  });

  it.each([
    ["nodenext", "nodenext"],
    ["bundler", "esnext"],
  ])(
    "has types that the README's program keeps to, and that know a misspelt field, by moduleResolution %s",
    async (moduleResolution, module) => {
      const compilerOptions = { strict: true, noEmit: true, target: "es2022", module, moduleResolution };
      // Those of Node alone come from here: the package's and its dependencies' are read, too.
      const types = { skipLibCheck: false, types: ["node"], typeRoots: [path.join(modules, "@types")] };
      await installed.write("call.ts", program);
      await installed.write("wrong.ts", program.replace("tool:", "// @ts-expect-error\n    tol:"));
      const files = ["call.ts", "wrong.ts"];
      await installed.write(
        "tsconfig.json",
        JSON.stringify({ compilerOptions: { ...compilerOptions, ...types }, files }),
      );
      expect(await installed.run(path.join(modules, ".bin/tsc"), ["--project", "tsconfig.json"])).toBe("");
    },
  );

  it("gives its protos to whoever generates a client", async () => {
    const resolve = 'console.log(import.meta.resolve("mcp-docker-manager/proto/mcpmanager/v1/manager.proto"))';
    const url = await installed.run(process.execPath, ["--input-type=module", "--eval", resolve]);
    expect(await readFile(new URL(url.trim()), "utf8")).toContain("service ManagerService");
  });
});

interface Served {
  readonly runtime: "docker" | "process";
  /** Where the server sees the folder. */
  readonly seen: (folder: string) => string;
  readonly spec: (folder: string) => MessageInitShape<typeof ServerSpecSchema>;
}

const image = "mcp/filesystem:latest";
const served: readonly Served[] = [
  {
    runtime: "process",
    seen: (source) => source,
    spec: (source) => ({ image, command: [process.execPath, filesystemServer], args: [source] }),
  },
  {
    runtime: "docker",
    seen: () => "/data",
    spec: (source) => ({
      image,
      pullPolicy: PullPolicy.NEVER,
      mounts: [{ type: MountType.BIND, source, target: "/data" }],
    }),
  },
];

describe.each(served)("The package's manager on the runtime $runtime", ({ runtime, seen, spec }) => {
  it("is called by the README's program, and tells it of an error", async () => {
    await using engine = new TestFleet();
    const { PATH = "", HOME = "", DOCKER_HOST = "" } = process.env;
    const env = { PATH, HOME, DOCKER_HOST, MCPM_PORT: "0", MCPM_FLEET: engine.fleet, MCPM_RUNTIME: runtime };
    await using manager = await ManagerProcess.of(installed.startManager({ ...env, MCPM_BIND_ROOTS: folder }));
    const call = program.replace("127.0.0.1:8080", `127.0.0.1:${manager.port}`).replace('"/data"', `"${seen(folder)}"`);
    await installed.write("call.ts", call);
    expect(await installed.run(process.execPath, ["call.ts"])).toBe("SERVER_NOT_FOUND not_sent\n");
    await manager.client.start({ name: "files", spec: spec(folder) });
    expect(await installed.run(process.execPath, ["call.ts"])).toBe("[FILE] hello.txt\n");
    await manager.client.stop({ name: "files" });
    expect(await manager.kill("SIGTERM")).toBe(0);
  });
});
