import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EchoContainer } from "../load/echo-container.ts";
import { EchoProcess } from "../load/echo-process.ts";
import { callToolUrl, grpcCall, grpcHeaders } from "../load/grpc-call.ts";
import { H2load } from "../load/h2load.ts";
import { jsonCall, jsonHeaders } from "../load/json-call.ts";
import { loadLines, shakeHands } from "../load/line-load.ts";
import type { Contender } from "../load/load.ts";
import { Wrk } from "../load/wrk.ts";

/** The echo server on pipes and in an attached container, each called by this process with nothing in between. */
export async function stdioFloors(opened: AsyncDisposableStack): Promise<{ pipes: Contender; attached: Contender }> {
  const { lines: onPipes } = opened.use(new EchoProcess());
  const { lines: onAttached } = opened.use(await EchoContainer.start());
  for (const lines of [onPipes, onAttached]) await shakeHands(lines);
  return {
    pipes: { name: "plain pipes", load: (options) => loadLines(onPipes, options) },
    attached: { name: "attached container", load: (options) => loadLines(onAttached, options) },
  };
}

/** What Node's HTTP servers reach without any work behind them. */
export async function httpFloors(opened: AsyncDisposableStack): Promise<{ raw1: Contender; raw2: Contender }> {
  const { pid, ports } = await serve("raw-http.mjs", opened);
  const [port1, port2] = ports;
  const wrk = new Wrk({ url: `http://127.0.0.1:${port1}/`, pid, headers: {}, body: (text) => text });
  const h2load = new H2load({ url: `http://127.0.0.1:${port2}/`, pid, headers: {}, body: Buffer.from });
  return {
    raw1: { name: "raw HTTP/1.1 echo", load: (options) => wrk.load(options) },
    raw2: { name: "raw HTTP/2 echo", load: (options) => h2load.load(options) },
  };
}

/** The least between a caller, by JSON or by gRPC, and an attached container. */
export async function shortestPaths(opened: AsyncDisposableStack): Promise<{ path1: Contender; path2: Contender }> {
  const { pid, ports } = await serve("shortest-path.ts", opened);
  const [port1, port2] = ports;
  const server = "echo";
  const wrk = new Wrk({
    url: `http://127.0.0.1:${port1}/`,
    pid,
    headers: jsonHeaders,
    body: (text) => jsonCall({ text }),
  });
  const body = (text: string) => grpcCall({ server, text });
  const h2load = new H2load({ url: callToolUrl(`http://127.0.0.1:${port2}`), pid, headers: grpcHeaders, body });
  return {
    path1: { name: "shortest path, HTTP/1.1", load: (options) => wrk.load(options) },
    path2: { name: "shortest path, HTTP/2", load: (options) => h2load.load(options) },
  };
}

/** Runs a program of this folder, which prints the ports that it listens on. */
async function serve(
  program: string,
  opened: AsyncDisposableStack,
): Promise<{ pid: number | undefined; ports: number[] }> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  opened.defer(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { pid: child.pid, ports: JSON.parse(line) };
}
