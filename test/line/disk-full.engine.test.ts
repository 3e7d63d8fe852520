import { it } from "vitest";
import { statfs, writeFile, rm } from "node:fs/promises";
import { RestartPolicy } from "../../gen/mcpmanager/v1/server_pb.ts";
import { PrivateEngine } from "../runtime/docker/private-engine.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { errorInfo, hostileSpec, TestManager } from "./test-manager.ts";
import { execFileSync } from "node:child_process";
it("x", async () => {
  const t0 = Date.now();
  const log = (...a: unknown[]) => console.log(`+${Date.now() - t0}`, ...a);
  const engine = await PrivateEngine.start({ diskMiB: 600 });
  try {
  log("up", execFileSync("df", ["-m", engine.dataRoot]).toString());
  const manager = await TestManager.start({}, new TestFleet({ dockerHost: engine.host }));
  const { client } = manager;
  const call = (tool: string, value = {}, server = "a") => client.callTool({ server, tool, input: { case: "arguments", value } }, { timeoutMs: 5000 }).then((r) => r.resultJson.slice(0, 60) + JSON.stringify(r.content).slice(0, 50), (e) => [e.message, errorInfo(e)]);
  await client.start({ name: "a", spec: { ...hostileSpec(), restart: { policy: RestartPolicy.ON_FAILURE } } });
  await client.start({ name: "c", spec: { ...hostileSpec(), restart: { policy: RestartPolicy.ON_FAILURE } } });
  const fill = () => { try { execFileSync("dd", ["if=/dev/zero", `of=${engine.dataRoot}/ballast`, "bs=64k"], { stdio: "ignore" }); } catch {} };
  fill();
  log(execFileSync("df", ["-k", engine.dataRoot]).toString());
  log("echo", await call("echo", { text: "hi" }));
  for (let i = 0; i < 3; i++) log("large", await call("large", { bytes: 1_000_000 }));
  log("start", await client.start({ name: "b", spec: hostileSpec() }).then(() => "ok", (e) => [e.message, errorInfo(e)]));
  log("pull", await client.start({ name: "p", spec: {...hostileSpec(), image: "127.0.0.1:1/x/y:z", pullPolicy: 0} }).then(() => "ok", (e) => [e.message, errorInfo(e)]));
  log("list", (await client.list({})).servers.map((s) => [s.name, s.state]));
  log("containers", (await engine.docker.listContainers({ all: true })).map((c) => [c.Names, c.State]));
  log("exit", await call("exit", { code: 3 }));
  log("echo after", await call("echo", { text: "hi" }));
  log("restart", await client.restart({ name: "c" }).then(() => "ok", (e) => [e.message, errorInfo(e)]));
  log("list", (await client.list({})).servers.map((s) => [s.name, s.state, s.lastError?.message]));
  await manager.shutDown();
  log("boot", await manager.boot().then(() => "ok", (e) => e.message));
  const cl = await (async () => { try { return manager.client; } catch { return undefined; } })();
  if (cl) {
  log("stop", await manager.client.stop({ name: "a", gracePeriod: { seconds: 1n } }).then(() => "ok", (e) => [e.message, errorInfo(e)]));
  log("list", (await manager.client.list({})).servers.map((s) => [s.name, s.state, s.lastError?.message]));
  }
  log("containers", (await engine.docker.listContainers({ all: true })).map((c) => [c.Names, c.State]));
  await rm(`${engine.dataRoot}/ballast`);
  if (!cl) await manager.boot();
  log("list", (await manager.client.list({})).servers.map((s) => [s.name, s.state, s.lastError?.message]));
  log("start", await manager.client.start({ name: "b", spec: hostileSpec() }).then(() => "ok", (e) => [e.message, errorInfo(e)]));
  await manager[Symbol.asyncDispose]();
  } finally {
  await engine[Symbol.asyncDispose](); }
  log("disposed");
});
