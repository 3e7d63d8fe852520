import type { OutputExcerpt } from "../../base/errors/errors.ts";
import { trimmedLine } from "../../jsonrpc/line-splitter.ts";
import { mayBeMessage } from "../../jsonrpc/message.ts";
import { readLogMessage } from "../../mcp/features/logging/log-message.ts";
import type { HistoryLine, Runtime } from "../../runtime/runtime.ts";
import { LogRing } from "./log-ring.ts";
import { OutputLog } from "./output-log.ts";

/**
 * Fills a ring with what an instance wrote before `untilMs`, from the engine's log, as if it had been read then:
 * stderr, stray lines on stdout, log notifications. Protocol traffic is left out. Gives the beginning and the end of it.
 */
export async function readHistory(
  ring: LogRing,
  options: { readonly runtime: Runtime; readonly id: string; readonly instance: string; readonly untilMs: number },
): Promise<OutputExcerpt> {
  const { runtime, id, instance, untilMs } = options;
  let timeMs = untilMs;
  const past = new LogRing({ maxBytes: ring.maxBytes, now: () => timeMs });
  const output = new OutputLog(past, instance);
  for await (const entry of runtime.history(id, { untilMs })) {
    ({ timeMs } = entry);
    write(output, entry);
  }
  ring.prepend(past);
  return output.excerpt();
}

function write(output: OutputLog, entry: HistoryLine): void {
  const { stream, truncated } = entry;
  const line = trimmedLine(entry.line);
  if (stream === "stdout" && line.length === 0) return;
  if (stream === "stderr") {
    output.stderr(line);
    output.end();
  } else if (!mayBeMessage(line)) {
    output.strayLine(line, { truncated });
  } else {
    const logged = truncated ? undefined : readLogMessage(line.toString("utf8"));
    if (logged === "noise") output.strayLine(line, { truncated });
    else if (logged !== undefined) output.logMessage(logged);
  }
}
