import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EchoContainer } from "../load/echo-container.ts";
import { EchoProcess } from "../load/echo-process.ts";
import { H2load } from "../load/h2load.ts";
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
  const program = fileURLToPath(new URL("raw-http.mjs", import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  opened.defer(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const [port1, port2]: number[] = JSON.parse(line);
  const { pid } = child;
  const wrk = new Wrk({ url: `http://127.0.0.1:${port1}/`, pid, headers: {}, body: (text) => text });
  const h2load = new H2load({ url: `http://127.0.0.1:${port2}/`, pid, headers: {}, body: Buffer.from });
  return {
    raw1: { name: "raw HTTP/1.1 echo", load: (options) => wrk.load(options) },
    raw2: { name: "raw HTTP/2 echo", load: (options) => h2load.load(options) },
  };
}
