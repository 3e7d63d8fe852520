import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuDuring, echoText, type Load, type LoadOptions } from "./load.ts";
import { runProgram } from "./run-program.ts";

const script = fileURLToPath(new URL("wrk.lua", import.meta.url));

/** One request over HTTP/1.1, sent again and again. */
export interface Post {
  readonly url: string;
  /** The process whose processor time counts. */
  readonly pid?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: (text: string) => string;
}

interface Outcome {
  readonly calls: number;
  readonly durationUs: number;
  readonly bytes: number;
  readonly wrong: number;
  readonly errors: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly cpu: { readonly cpuUs?: number };
}

/**
 * Load from wrk, one connection for each call in flight. The first load of a kind is preceded by one whose answers are
 * all looked at; in each, an answer must have the status 200 and the size that those had.
 */
export class Wrk {
  readonly #post: Post;
  readonly #answerBytes = new Map<string, number>();

  constructor(post: Post) {
    this.#post = post;
  }

  async load(options: LoadOptions): Promise<Load> {
    const { inFlight, textBytes } = options;
    const kind = `${inFlight} ${textBytes}`;
    let answerBytes = this.#answerBytes.get(kind);
    if (answerBytes === undefined) {
      answerBytes = bytesPerCall(await this.#run({ ...options, seconds: 1 }, { look: true }));
      this.#answerBytes.set(kind, answerBytes);
    }
    const outcome = await this.#run(options, { look: false });
    // What was cut off at the end has been counted in part.
    const slack = (answerBytes * inFlight) / outcome.calls + answerBytes * 0.01;
    if (Math.abs(bytesPerCall(outcome) - answerBytes) > slack) {
      throw new Error(`${this.#post.url}: an answer has ${bytesPerCall(outcome)} bytes instead of ${answerBytes}`);
    }
    const { calls, durationUs, p50Us, p99Us, cpu } = outcome;
    return { calls, callsPerS: (calls * 1e6) / durationUs, p50Us, p99Us, ...cpu };
  }

  async #run({ inFlight, seconds, textBytes }: LoadOptions, { look }: { look: boolean }): Promise<Outcome> {
    const folder = await mkdtemp(join(tmpdir(), "mcpm-wrk-"));
    try {
      const file = join(folder, "body");
      await writeFile(file, this.#post.body(echoText(textBytes)));
      // A larger text would not fit a command line; its beginning tells.
      const text = look ? echoText(Math.min(textBytes, 1000)) : "";
      const load = ["-t1", `-c${inFlight}`, `-d${Math.ceil(seconds)}s`, "--timeout", "30s", "-s", script];
      const args = [file, text, ...Object.entries(this.#post.headers).flat()];
      const run = () => runProgram("wrk", [...load, this.#post.url, "--", ...args]);
      const { result, ...cpu } = await cpuDuring(this.#post.pid, run);
      return { ...this.#read(result), cpu };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  #read(printed: string): Omit<Outcome, "cpu"> {
    const [, json] = /^RESULT (.+)$/m.exec(printed) ?? [];
    if (json === undefined) throw new Error(`wrk printed no result:\n${printed}`);
    const outcome: Omit<Outcome, "cpu"> = JSON.parse(json);
    if (outcome.calls === 0 || outcome.wrong > 0 || outcome.errors > 0) {
      throw new Error(`${this.#post.url}: not every answer was right: ${json}`);
    }
    return outcome;
  }
}

function bytesPerCall({ bytes, calls }: Outcome): number {
  return bytes / calls;
}
