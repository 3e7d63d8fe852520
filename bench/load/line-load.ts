import { quantile } from "../measure/median.ts";
import { echoText, type Load, type LoadOptions } from "./load.ts";

/** A server's stdin and stdout, however they are reached. */
export interface Lines {
  write(chunk: string | Buffer): void;
  /** Gives the server's output to one reader, until there is another. */
  read(onChunk: (chunk: Buffer) => void): void;
}

const newline = 10;
/** All ids have as many digits, so that all answers have as many bytes. */
export const firstId = 1_000_000_000;
const tail = "}}}\n";

/** Does the handshake, as a client of the era that the server speaks. */
export async function shakeHands(lines: Lines): Promise<void> {
  const params = `{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}`;
  await answerTo(lines, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}\n`);
  lines.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
}

/** The answer to one line, with its line break. */
export function answerTo(lines: Lines, line: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  lines.read((chunk) => {
    chunks.push(chunk);
    if (chunk.at(-1) === newline) resolve(Buffer.concat(chunks).toString());
  });
  lines.write(line);
  return promise;
}

export function callLine(id: number, text: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"text":"${text}"${tail}`;
}

/** Calls straight over a server's stdio, the least that any manager has to do. Answers come in the order of the calls. */
export async function loadLines(lines: Lines, options: LoadOptions): Promise<Load> {
  const text = echoText(options.textBytes);
  const answer = await answerTo(lines, callLine(firstId, text));
  if (!answer.includes(`"text":"${text}"`)) throw new Error(`the server answers ${answer.slice(0, 500)}`);
  const run = new LineLoad(lines, { ...options, answerBytes: Buffer.byteLength(answer) });
  return run.finished;
}

class LineLoad {
  readonly finished: Promise<Load>;
  readonly #lines: Lines;
  readonly #rest: Buffer;
  readonly #sentAt: number[] = [];
  readonly #took: number[] = [];
  readonly #startMs = performance.now();
  readonly #endMs: number;
  #sent = 0;
  #bytes = 0;

  constructor(lines: Lines, options: LoadOptions & { readonly answerBytes: number }) {
    this.#lines = lines;
    this.#endMs = this.#startMs + options.seconds * 1000;
    this.#rest = Buffer.from(callLine(firstId, echoText(options.textBytes)).slice(head(firstId).length));
    const { promise, resolve, reject } = Promise.withResolvers<Load>();
    this.finished = promise;
    lines.read((chunk) => {
      this.#take(chunk);
      if (this.#took.length < this.#sent) return;
      const expected = this.#sent * options.answerBytes;
      if (this.#bytes === expected) resolve(this.#load());
      else reject(new Error(`the answers have ${this.#bytes} bytes instead of ${expected}`));
    });
    this.#send(options.inFlight);
  }

  #take(chunk: Buffer): void {
    const now = performance.now();
    this.#bytes += chunk.length;
    let answers = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) {
      this.#took.push((now - (this.#sentAt[this.#took.length] ?? now)) * 1000);
      answers += 1;
    }
    if (now < this.#endMs) this.#send(answers);
  }

  #send(count: number): void {
    const now = performance.now();
    const parts: Buffer[] = [];
    for (let sent = 0; sent < count; sent += 1) {
      this.#sentAt.push(now);
      this.#sent += 1;
      parts.push(Buffer.from(head(firstId + this.#sent)), this.#rest);
    }
    if (parts.length > 0) this.#lines.write(Buffer.concat(parts));
  }

  #load(): Load {
    const calls = this.#took.length;
    const seconds = (performance.now() - this.#startMs) / 1000;
    const took = Float64Array.from(this.#took);
    return { calls, callsPerS: calls / seconds, p50Us: quantile(took, 0.5), p99Us: quantile(took, 0.99) };
  }
}

function head(id: number): string {
  return `{"jsonrpc":"2.0","id":${id}`;
}
