import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { echoProgram } from "../load/echo-process.ts";
import type { Contender } from "../load/load.ts";
import { Wrk } from "../load/wrk.ts";

/** Where scripts/bench installs bench/peers/package.json. */
const binFolder = fileURLToPath(new URL("../../.tools/peers/node_modules/.bin/", import.meta.url));
/** Counted up by wrk.lua: two calls of a session with one id would be one call. */
const firstId = 1_000_000_000;
const protocol = "2025-06-18";
const startMs = 30_000;

export async function supergateway(opened: AsyncDisposableStack): Promise<Contender> {
  const port = await freePort();
  const options = `--outputTransport streamableHttp --stateful --sessionTimeout 600000 --port ${port} --logLevel none`;
  const args = ["--stdio", `node ${echoProgram}`, ...options.split(" ")];
  return peer({ name: "supergateway", args, port }, opened);
}

export async function mcpProxy(opened: AsyncDisposableStack): Promise<Contender> {
  const port = await freePort();
  const options = `--host 127.0.0.1 --port ${port} --server stream --no-eventStore -- node ${echoProgram}`;
  return peer({ name: "mcp-proxy", args: options.split(" "), port }, opened);
}

/** A gateway that speaks MCP over HTTP, on Node 24, with the echo server as its child process. */
async function peer(
  { name, args, port }: { name: string; args: readonly string[]; port: number },
  opened: AsyncDisposableStack,
): Promise<Contender> {
  const child = spawn(`${binFolder}${name}`, args, { stdio: "ignore" });
  opened.defer(() => end(child));
  const url = `http://127.0.0.1:${port}/mcp`;
  const headers = { ...mcpHeaders, "mcp-session-id": await openSession(url, child) };
  const body = (text: string) => request("tools/call", { id: firstId, params: { name: "echo", arguments: { text } } });
  const wrk = new Wrk({ url, pid: child.pid, headers, body });
  return { name, load: (options) => wrk.load(options) };
}

const mcpHeaders = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": protocol,
};

function request(method: string, more: { id?: number; params?: object }): string {
  return JSON.stringify({ jsonrpc: "2.0", method, ...more });
}

/** As soon as it listens. */
async function openSession(url: string, child: ChildProcess): Promise<string> {
  const clientInfo = { name: "bench", version: "1" };
  const body = request("initialize", { id: 0, params: { protocolVersion: protocol, capabilities: {}, clientInfo } });
  const giveUpAt = performance.now() + startMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${url}: the gateway ended with ${child.exitCode}`);
    const response = await fetch(url, { method: "POST", headers: mcpHeaders, body }).catch(() => undefined);
    await response?.text();
    const session = response?.headers.get("mcp-session-id");
    if (session !== undefined && session !== null) {
      const headers = { ...mcpHeaders, "mcp-session-id": session };
      await fetch(url, { method: "POST", headers, body: request("notifications/initialized", {}) });
      return session;
    }
    if (performance.now() > giveUpAt) throw new Error(`${url} opened no session: ${response?.status}`);
    await delay(50);
  }
}

/** Its child ends with it, since its stdin does. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
