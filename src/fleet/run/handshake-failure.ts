import { ManagerError, type OutputExcerpt, toManagerError } from "../../base/errors/errors.ts";
import { httpListener, prompt } from "../logs/output-hints.ts";
import type { Run } from "./run.ts";
import { runEndError } from "./run-end.ts";

/** What a handshake is given up with that takes too long; `handshakeFailure` adds what the server wrote. */
export function handshakeTimeout(name: string, timeoutMs: number): ManagerError {
  const message = `server ${name} did not answer the MCP handshake within ${timeoutMs} ms (handshake_timeout)`;
  return new ManagerError("not_running", message, { details: { reason: "HANDSHAKE_TIMEOUT", delivery: "not_sent" } });
}

/** Why a handshake failed, in the words of somebody who must do something about it, with what the server wrote. */
export function handshakeFailure(name: string, { run, error }: { run: Run; error: unknown }): ManagerError {
  const output = run.output();
  if (run.end !== undefined) {
    const isExit = run.end.kind === "exited";
    const doing = ` before it finished the MCP handshake${isExit ? advice(output, { waited: false }) : ""}`;
    return runEndError(name, { end: run.end, output, doing });
  }
  const refusal = toManagerError(error);
  // What the server refuses of the handshake is not what the caller of Start asked for.
  const kind = refusal.kind === "invalid" || refusal.kind === "unsupported" ? "not_running" : refusal.kind;
  const isSilent = refusal.details.reason === "HANDSHAKE_TIMEOUT";
  const message = `${refusal.message}${isSilent ? advice(output, { waited: true }) : ""}`;
  const details = { ...refusal.details, ...output, server: name, delivery: "not_sent" } as const;
  return new ManagerError(kind, message, { details, cause: refusal });
}

/** What to do about it, as the end of the message. */
function advice(output: OutputExcerpt, { waited }: { readonly waited: boolean }): string {
  const listener = httpListener(output);
  if (listener !== undefined) {
    return `: it seems to speak HTTP ("${listener}"), and the manager speaks with servers on stdin and stdout (stdio) only; tell it to use stdio, by args or env`;
  }
  if (Object.keys(output).length === 0)
    return `${waited ? ", and wrote nothing: is" : " and wrote nothing; is"} it an MCP server on stdio?`;
  const question = waited ? prompt(output) : undefined;
  if (question !== undefined)
    return `: it seems to wait for an answer to "${question}"; give that by env, args or a file`;
  return waited ? "; Logs has what it wrote. Is it an MCP server on stdio?" : "; Logs has what it wrote";
}
