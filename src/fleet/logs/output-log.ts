import { isUtf8 } from "node:buffer";
import type { OutputExcerpt } from "../../base/errors/errors.ts";
import { detached } from "../../base/text/detached.ts";
import { LineSplitter, trimmedLine } from "../../jsonrpc/line-splitter.ts";
import { mayBeMessage } from "../../jsonrpc/message.ts";
import type { LogMessage } from "../../mcp/features/logging/log-message.ts";
import { Excerpt } from "./excerpt.ts";
import type { LineFlags } from "./log-entry.ts";
import type { LogRing } from "./log-ring.ts";
import { OpenLine } from "./open-line.ts";

/** Longest line of output that is kept whole. */
const maxLineBytes = 16 * 1024;
/** What is shown of a longer one. */
const shownBytes = 4096;
/** The levels of MCP have at most nine characters. */
const maxLevelChars = 32;
const maxLoggerChars = 256;
const maxExtraChars = 4096;

const nothing = Buffer.alloc(0);

export interface OutputLogOptions {
  /** What there is of a line on stdout that is not finished. */
  readonly unfinishedStdout?: () => Buffer;
}

type Stream = "stderr" | "stdout";

/** Writes what one run of an instance puts out into the server's log, line by line. */
export class OutputLog {
  readonly #ring: LogRing;
  readonly #instance: string;
  readonly #splitter: LineSplitter;
  readonly #open: Readonly<Record<Stream, OpenLine>>;
  readonly #excerpts: Readonly<Record<Stream, Excerpt>>;
  readonly #unfinishedStdout: () => Buffer;
  #showsMessages = false;

  constructor(ring: LogRing, instance: string, { unfinishedStdout = () => nothing }: OutputLogOptions = {}) {
    this.#ring = ring;
    this.#instance = instance;
    this.#unfinishedStdout = unfinishedStdout;
    this.#splitter = new LineSplitter({
      maxLineBytes,
      onLine: (line) => this.#finish("stderr", line, false),
      onOversized: ({ head }) => this.#finish("stderr", head, true),
    });
    this.#open = {
      stderr: this.#openLine("stderr", () => this.#splitter.unfinished),
      stdout: this.#openLine("stdout", () => {
        const line = unfinishedStdout();
        // What may become a message is not for the log. A server that never ends one is seen when it is given up.
        return this.#showsMessages || !mayBeMessage(line) ? line : nothing;
      }),
    };
    this.#excerpts = {
      stderr: new Excerpt({ headChars: 1024, tailChars: 2048 }),
      stdout: new Excerpt({ headChars: 512, tailChars: 1024 }),
    };
  }

  stderr(chunk: Buffer): void {
    this.#splitter.push(chunk);
    if (this.#splitter.unfinished.length > 0) this.#open.stderr.received();
  }

  /** Bytes came on stdout. */
  stdoutReceived(): void {
    if (this.#unfinishedStdout().length > 0) this.#open.stdout.received();
  }

  /** A line on stdout that is not a message. */
  strayLine(line: Buffer, note: { truncated: boolean }): void {
    this.#finish("stdout", shownOf(line), note.truncated || line.length > maxLineBytes);
  }

  logMessage(message: LogMessage): void {
    const text = wholeBeginning(message.text, maxLineBytes);
    const level = wholeBeginning(message.level, maxLevelChars);
    const logger = wholeBeginning(message.logger, maxLoggerChars);
    const extraJson = message.extraJson.length > maxExtraChars ? "" : detached(message.extraJson);
    const truncated = [
      [text, message.text],
      [logger, message.logger],
      [extraJson, message.extraJson],
    ].some(([kept = "", whole = ""]) => kept.length < whole.length);
    const flags = {
      level,
      truncated,
      ...(logger === "" ? {} : { logger }),
      ...(extraJson === "" ? {} : { extraJson }),
      ...(message.isJson ? { isJson: true } : {}),
    };
    this.#ring.append(this.#instance, { kind: "line", source: "mcp", text, flags });
  }

  /** The output ended: the last line may lack its line break. */
  end(): void {
    this.#splitter.end();
    this.#open.stderr.end();
    this.#open.stdout.end();
  }

  /** The beginning and the end of what was written, with what has no line break yet, which the log then has, too. */
  excerpt(): OutputExcerpt {
    this.#showsMessages = true;
    this.#open.stderr.show();
    this.#open.stdout.show();
    this.#showsMessages = false;
    const { stderr, stdout } = this.#excerpts;
    return {
      ...(stderr.head === "" ? {} : { stderrHead: stderr.head }),
      ...(stderr.tail === "" ? {} : { stderrTail: stderr.tail }),
      ...(stdout.head === "" ? {} : { stdoutHead: stdout.head }),
      ...(stdout.tail === "" ? {} : { stdoutTail: stdout.tail }),
    };
  }

  #openLine(stream: Stream, read: () => Buffer): OpenLine {
    return new OpenLine({
      read: () => untorn(shownOf(trimmedLine(read()))),
      show: (part) => this.#append(stream, part, { partial: true }),
    });
  }

  #finish(stream: Stream, line: Buffer, truncated: boolean): void {
    const shown = truncated ? untorn(line) : line;
    const rest = this.#open[stream].finish(shown);
    // The line of which a part was shown turned out to be a message.
    if (rest === undefined) this.#append(stream, nothing, {});
    this.#append(stream, rest ?? shown, { truncated });
  }

  #append(source: Stream, line: Buffer, flags: LineFlags): void {
    const text = line.toString("utf8");
    this.#excerpts[source].add(flags.partial ? text : `${text}\n`);
    this.#ring.append(this.#instance, { kind: "line", source, text, flags: { ...flags, invalidUtf8: !isUtf8(line) } });
  }
}

function shownOf(line: Buffer): Buffer {
  return line.length > maxLineBytes ? line.subarray(0, shownBytes) : line;
}

/** So many characters of a text that may be a part of a long line, which must not be kept for it. */
function wholeBeginning(text: string, chars: number): string {
  return detached(text.slice(0, chars).replace(/[\ud800-\udbff]$/, ""));
}

/** Without the last character when the cut has torn it. */
function untorn(line: Buffer): Buffer {
  for (let torn = 0; torn < 4; torn += 1) {
    const whole = line.subarray(0, line.length - torn);
    if (isUtf8(whole)) return whole;
  }
  return line;
}
