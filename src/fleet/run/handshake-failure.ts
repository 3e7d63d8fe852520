import { type ErrorKind, ManagerError, type OutputExcerpt, toManagerError } from "../../base/errors/errors.ts";
import type { InstanceExit } from "../../runtime/runtime.ts";
import { httpListener, prompt } from "../logs/output-hints.ts";
import type { Run } from "./run.ts";
import { runEndError } from "./run-end.ts";

const refusals: ReadonlySet<ErrorKind> = new Set(["invalid", "unsupported", "server_error"]);

/** What a handshake is given up with that takes too long; `handshakeFailure` adds what the server wrote. */
export function handshakeTimeout(name: string, timeoutMs: number): ManagerError {
  const message = `server ${name} did not answer the MCP handshake within ${timeoutMs} ms (handshake_timeout)`;
  return new ManagerError("not_running", message, { details: { reason: "HANDSHAKE_TIMEOUT", delivery: "not_sent" } });
}

/** Why a handshake failed, in the words of somebody who must do something about it, with what the server wrote. */
export function handshakeFailure(name: string, { run, error }: { run: Run; error: unknown }): ManagerError {
  const output = run.output();
  if (run.end !== undefined) {
    const why = run.end.kind === "exited" ? exitAdvice(run.end.exit, output) : "";
    const doing = ` before it finished the MCP handshake${why}`;
    return runEndError(name, { end: run.end, output, doing });
  }
  const refusal = toManagerError(error);
  // What the server refuses of the handshake is not what the caller of Start asked for.
  const kind = refusals.has(refusal.kind) ? "not_running" : refusal.kind;
  const isSilent = refusal.details.reason === "HANDSHAKE_TIMEOUT";
  const message = `${refusal.message}${isSilent ? silenceAdvice(output) : ""}`;
  const details = { ...refusal.details, ...output, server: name, delivery: "not_sent" } as const;
  return new ManagerError(kind, message, { details, cause: refusal });
}

/** What to do about a server that exited, as the end of the message. */
function exitAdvice({ exitCode, oomKilled }: InstanceExit, output: OutputExcerpt): string {
  if (oomKilled) return "";
  if (isEmpty(output)) return ` and wrote nothing${exitCode === 0 ? "; is it an MCP server on stdio?" : ""}`;
  return httpAdvice(output) ?? "; Logs has what it wrote";
}

/** And about one that does not answer. */
function silenceAdvice(output: OutputExcerpt): string {
  if (isEmpty(output)) return ", and wrote nothing: is it an MCP server on stdio?";
  const question = prompt(output);
  const asks = `: it seems to wait for an answer to "${question}"; give that by env, args or a file`;
  return (
    httpAdvice(output) ?? (question === undefined ? "; Logs has what it wrote. Is it an MCP server on stdio?" : asks)
  );
}

function httpAdvice(output: OutputExcerpt): string | undefined {
  const listener = httpListener(output);
  if (listener === undefined) return undefined;
  return `: it seems to speak HTTP ("${listener}"), and the manager speaks with servers on stdin and stdout (stdio) only; tell it to use stdio, by args or env`;
}

function isEmpty(output: OutputExcerpt): boolean {
  return Object.keys(output).length === 0;
}
