import type http from "node:http";
import { abortedError } from "../../../base/errors/aborted-error.ts";
import { type ErrorDetails, type ErrorKind, ManagerError, toManagerError } from "../../../base/errors/errors.ts";

const maxEngineTextLength = 800;

/** Causes that Podman reports with status 500, and the status that Docker has for them. */
const podmanCauses: readonly (readonly [RegExp, number])[] = [
  [/invalid reference format/, 400],
  [/^no such (?:container|image|network|volume)$/, 404],
  [/^that name is already in use$/, 409],
  [/^UNIQUE constraint failed: ContainerConfig\.Name$/, 409],
  [/^container state improper$/, 409],
];

/** The HTTP status of the engine's response, if the error is one; of Podman's the one that Docker would have sent. */
export function statusOf(error: unknown): number | undefined {
  const { statusCode: status, json } = (error ?? {}) as { statusCode?: unknown; json?: { cause?: unknown } | null };
  if (typeof status !== "number") return undefined;
  const cause = json?.cause;
  if (status !== 500 || typeof cause !== "string") return status;
  return podmanCauses.find(([words]) => words.test(cause))?.[1] ?? status;
}

/** The engine's own words, without what docker-modem puts around them. */
export function engineText(error: unknown): string {
  const json = (error as { json?: { message?: unknown } } | null)?.json;
  const raw = typeof json?.message === "string" ? json.message : error instanceof Error ? error.message : String(error);
  const text = raw.replace(/^\(HTTP code \d+\) [^-]* - /, "").trim();
  return text.length > maxEngineTextLength ? `${text.slice(0, maxEngineTextLength)}…` : text;
}

/** The engine's response as a ManagerError; the caller knows which kind it means. No call goes to a server this way. */
export function engineRefusal(
  kind: ErrorKind,
  message: string,
  options: Omit<ErrorDetails, "delivery"> & { readonly cause?: unknown },
): ManagerError {
  const { cause, ...details } = options;
  return new ManagerError(kind, message, { details: { ...details, delivery: "not_sent" }, cause });
}

/** The error behind an aborted signal: its own reason when it is a ManagerError. */
function aborted(error: Error): ManagerError {
  return abortedError(error.cause instanceof ManagerError ? error.cause : error, "the Docker engine");
}

function unreachable(error: Error & { code?: string }, address: string): ManagerError {
  const todo =
    error.code === "EACCES" || error.code === "EPERM"
      ? "this user may not open the socket: join the group docker, or use a rootless engine"
      : "is it running? Start it, or set DOCKER_HOST to where it listens";
  const what = error.code ?? error.message;
  return engineRefusal("unavailable", `the Docker engine at ${address} does not answer (${what}): ${todo}`, {
    reason: "ENGINE_UNAVAILABLE",
    cause: error,
  });
}

/**
 * Anything that a call to the engine threw, as a ManagerError: the one mapping. `doing` completes "the Docker engine
 * could not …". A status that has a special meaning for one call is mapped by that call before (`engineRefusal`).
 */
export function engineError(
  error: unknown,
  context: { readonly doing: string; readonly address: string },
): ManagerError {
  if (error instanceof ManagerError || !(error instanceof Error)) return toManagerError(error);
  const status = statusOf(error);
  if (status === undefined) {
    if (error.name === "AbortError" || error.name === "TimeoutError") return aborted(error);
    // Every failure of a socket or of TLS has a code. An error without one, or a TypeError, is a bug of ours.
    const socketFailure = typeof (error as { code?: unknown }).code === "string" && !(error instanceof TypeError);
    return socketFailure ? unreachable(error, context.address) : toManagerError(error);
  }
  const message = `the Docker engine could not ${context.doing}: ${engineText(error)}`;
  if (status === 400) return engineRefusal("invalid", message, { reason: "ENGINE_REFUSED", cause: error });
  if (status === 404) return engineRefusal("not_found", message, { reason: "CONTAINER_REMOVED", cause: error });
  if (status === 409) return engineRefusal("conflict", message, { reason: "ENGINE_CONFLICT", cause: error });
  if (status === 401 || status === 403) {
    return engineRefusal("denied", message, { reason: "ENGINE_DENIED", cause: error });
  }
  return engineRefusal("unavailable", message, { reason: "ENGINE_ERROR", cause: error });
}

/** The engine's refusal of a request of our own, in the shape of dockerode's errors. */
export async function readRefusal(response: http.IncomingMessage): Promise<Error> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const json: unknown = text.startsWith("{") ? JSON.parse(text) : { message: text };
  return Object.assign(new Error(text), { statusCode: response.statusCode, json });
}
