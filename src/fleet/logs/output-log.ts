import { isUtf8 } from "node:buffer";
import { detached } from "../../base/text/detached.ts";
import { LineSplitter } from "../../jsonrpc/line-splitter.ts";
import type { LogMessage } from "../../mcp/features/logging/log-message.ts";
import type { LineSource } from "./log-entry.ts";
import type { LogRing } from "./log-ring.ts";

/** Longest line of output that is kept whole. */
const maxLineBytes = 16 * 1024;
/** What is shown of a longer one. */
const shownBytes = 4096;
/** The levels of MCP have at most nine characters. */
const maxLevelChars = 32;
const maxLoggerChars = 256;
const maxExtraChars = 4096;

/** Writes what one run of an instance puts out into the server's log, line by line. */
export class OutputLog {
  readonly #ring: LogRing;
  readonly #instance: string;
  readonly #stderr: LineSplitter;

  constructor(ring: LogRing, instance: string) {
    this.#ring = ring;
    this.#instance = instance;
    this.#stderr = new LineSplitter({
      maxLineBytes,
      onLine: (line) => this.#append("stderr", line, false),
      onOversized: ({ head }) => this.#append("stderr", head, true),
    });
  }

  stderr(chunk: Buffer): void {
    this.#stderr.push(chunk);
  }

  /** A line on stdout that is not a message. */
  strayLine(line: Buffer, note: { truncated: boolean }): void {
    const long = line.length > maxLineBytes;
    this.#append("stdout", long ? line.subarray(0, shownBytes) : line, note.truncated || long);
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
    this.#stderr.end();
  }

  #append(source: LineSource, line: Buffer, truncated: boolean): void {
    const shown = truncated ? untorn(line) : line;
    const flags = { truncated, invalidUtf8: !isUtf8(shown) };
    this.#ring.append(this.#instance, { kind: "line", source, text: shown.toString("utf8"), flags });
  }
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
