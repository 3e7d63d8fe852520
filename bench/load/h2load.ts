import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quantile } from "../measure/median.ts";
import { cpuDuring, echoText, type Load, type LoadOptions } from "./load.ts";
import { runProgram } from "./run-program.ts";

/** One request over HTTP/2, sent again and again. */
export interface H2Post {
  readonly url: string;
  /** The process whose processor time counts. */
  readonly pid?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: (text: string) => Uint8Array;
  /** By how many bytes answers may differ, where they hold a time. Default: 0. */
  readonly slackBytes?: number;
}

/** Calls at once that the manager takes on one connection. */
const maxPerConnection = 1000;

/**
 * Load from h2load over one connection, or as many as it takes. A call by Node's client before and after shows that the
 * answer is right, and how many bytes it has: all of h2load's must have had as many.
 */
export class H2load {
  readonly #post: H2Post;
  /** Calls a second that were reached last. */
  readonly #paces = new Map<string, number>();

  constructor(post: H2Post) {
    this.#post = post;
  }

  async load(options: LoadOptions): Promise<Load> {
    const { inFlight, textBytes, seconds } = options;
    const kind = `${inFlight} ${textBytes}`;
    let pace = this.#paces.get(kind);
    if (pace === undefined) {
      const few = await this.#run({ ...options, calls: inFlight * 2 + 10 });
      pace = (await this.#run({ ...options, calls: Math.ceil(few.callsPerS) + inFlight })).callsPerS;
    }
    const load = await this.#run({ ...options, calls: Math.ceil(pace * seconds) + inFlight });
    this.#paces.set(kind, load.callsPerS);
    return load;
  }

  async #run({ inFlight, textBytes, calls }: LoadOptions & { readonly calls: number }): Promise<Load> {
    const folder = await mkdtemp(join(tmpdir(), "mcpm-h2load-"));
    try {
      const [file, log] = [join(folder, "body"), join(folder, "log")];
      const text = echoText(textBytes);
      const body = this.#post.body(text);
      await writeFile(file, body);
      const headers = Object.entries(this.#post.headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
      const connections = Math.ceil(inFlight / maxPerConnection);
      const perConnection = Math.ceil(inFlight / connections);
      const load = [`-c${connections}`, "-t1", `-m${perConnection}`, `-n${calls}`, "-d", file, `--log-file=${log}`];
      const before = await this.#callOnce(body, text);
      const run = () => runProgram("h2load", [...load, ...headers, this.#post.url]);
      const { result: printed, ...cpu } = await cpuDuring(this.#post.pid, run);
      const after = await this.#callOnce(body, text);
      const { url, slackBytes = 0 } = this.#post;
      if (Math.abs(before - after) > slackBytes) throw new Error(`${url}: answers have ${before} and ${after} bytes`);
      const seconds = checkedSeconds(printed, { calls, bytes: calls * after, slackBytes: calls * slackBytes });
      return { calls, callsPerS: calls / seconds, ...latencies(await readFile(log, "utf8"), calls), ...cpu };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** The size of an answer that holds the text. */
  async #callOnce(body: Uint8Array, text: string): Promise<number> {
    const { origin, pathname } = new URL(this.#post.url);
    const session = http2.connect(origin);
    try {
      const stream = session.request({ ":method": "POST", ":path": pathname, ...this.#post.headers });
      stream.end(body);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const answer = Buffer.concat(chunks);
      if (!answer.includes(text)) throw new Error(`${this.#post.url} answers ${answer.subarray(0, 500)}`);
      return answer.length;
    } finally {
      session.close();
    }
  }
}

/** How long it took. Throws unless every answer had the status 200, and all together so many bytes. */
function checkedSeconds(printed: string, expected: { calls: number; bytes: number; slackBytes: number }): number {
  const number = (pattern: RegExp) => Number(pattern.exec(printed)?.[1]);
  const succeeded = number(/, (\d+) succeeded/);
  const ok = number(/^status codes: (\d+) 2xx/m);
  const bytes = number(/\((\d+)\) data$/m);
  const right = Math.abs(bytes - expected.bytes) <= expected.slackBytes;
  if (succeeded !== expected.calls || ok !== expected.calls || !right) {
    throw new Error(`h2load: expected ${expected.calls} answers of ${expected.bytes} bytes in all:\n${printed}`);
  }
  const [, value, unit] = /^finished in ([\d.]+)(us|ms|s|m)\b/m.exec(printed) ?? [];
  const scale = { us: 1e-6, ms: 1e-3, s: 1, m: 60 }[unit ?? ""] ?? Number.NaN;
  return Number(value) * scale;
}

/** From the lines of h2load's log: when it began, status, how long it took, in microseconds. */
function latencies(log: string, calls: number): { p50Us: number; p99Us: number } {
  const lines = log.trimEnd().split("\n");
  if (lines.length !== calls) throw new Error(`h2load logged ${lines.length} of ${calls} calls`);
  const took = Float64Array.from(lines, (line) => Number(line.slice(line.lastIndexOf("\t") + 1)));
  return { p50Us: quantile(took, 0.5), p99Us: quantile(took, 0.99) };
}
