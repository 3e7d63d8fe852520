import type { ErrorReason } from "../base/errors/error-reason.ts";
import { type ErrorKind, ManagerError } from "../base/errors/errors.ts";

/** Why a request is refused before it reaches an RPC, and HTTP's status for it. */
export interface Refusal {
  readonly status: number;
  readonly error: ManagerError;
}

function httpRefusal(status: number, about: { kind: ErrorKind; reason: ErrorReason; message: string }): Refusal {
  const { kind, reason, message } = about;
  return { status, error: new ManagerError(kind, message, { details: { reason, delivery: "not_sent" } }) };
}

export const hostNotAllowed = httpRefusal(421, {
  kind: "denied",
  reason: "HOST_NOT_ALLOWED",
  message: "Host is neither a loopback name nor in MCPM_ALLOWED_HOSTS",
});

export const originNotAllowed = httpRefusal(403, {
  kind: "denied",
  reason: "ORIGIN_NOT_ALLOWED",
  message: "Origin is not in MCPM_CORS_ORIGINS",
});

/** By its Sec-Fetch-Site, a request of another site's page, without an Origin that could be allowed. */
export const siteNotAllowed = httpRefusal(403, {
  kind: "denied",
  reason: "ORIGIN_NOT_ALLOWED",
  message:
    "the request comes from a web page of another site, by its Sec-Fetch-Site; a page may call if its origin is in " +
    "MCPM_CORS_ORIGINS and it uses fetch in the mode cors, which sends the Origin",
});

export const badRequestTarget = httpRefusal(400, {
  kind: "invalid",
  reason: "INVALID_REQUEST",
  message: "the request target is neither a path nor an http URL, or has a segment of dots",
});

export const manyHosts = httpRefusal(400, {
  kind: "invalid",
  reason: "INVALID_REQUEST",
  message: "the request has more than one Host header",
});

export function unknownPath(path: string): Refusal {
  // A gRPC or Connect client asked for an RPC that does not exist.
  const rpc = /^\/[\w.]+\/\w+$/.test(path) && path.includes(".");
  return rpc
    ? httpRefusal(404, { kind: "unsupported", reason: "NOT_IMPLEMENTED", message: `there is no RPC ${path.slice(1)}` })
    : httpRefusal(404, { kind: "not_found", reason: "ROUTE_NOT_FOUND", message: `no such path: ${path}` });
}

export function wrongMethod(path: string, allowed: readonly string[]): Refusal {
  return httpRefusal(405, {
    kind: "unsupported",
    reason: "METHOD_NOT_ALLOWED",
    message: `${path} takes ${allowed.join(" or ")}`,
  });
}

export function unsupportedMediaType(type: string): Refusal {
  return httpRefusal(415, {
    kind: "invalid",
    reason: "UNSUPPORTED_MEDIA_TYPE",
    message:
      `this path does not take the content type ${JSON.stringify(type.slice(0, 100))}; ` +
      "with curl, send application/json",
  });
}

/** Connect's GET without its query, in which the message is. */
export const emptyGet = httpRefusal(415, {
  kind: "invalid",
  reason: "UNSUPPORTED_MEDIA_TYPE",
  message: "a GET of an RPC needs its message in the query: ?encoding=json&message={}; or use POST",
});

/** What HTTP itself refuses. */
export function malformedRequest(status: number, problem: string): Refusal {
  if (status === 408) {
    const message = "the request was not complete in time";
    return httpRefusal(status, { kind: "deadline", reason: "REQUEST_TIMEOUT", message });
  }
  if (status === 405)
    return httpRefusal(status, { kind: "unsupported", reason: "METHOD_NOT_ALLOWED", message: problem });
  if (status === 431 || status === 413) {
    const message = `the request's headers are too large: ${problem}`;
    return httpRefusal(status, { kind: "too_much", reason: "HEADERS_TOO_LARGE", message });
  }
  return httpRefusal(status, {
    kind: "invalid",
    reason: "INVALID_REQUEST",
    message: `this is not an HTTP request: ${problem}`,
  });
}

export function wrongVersion(path: string): Refusal {
  return httpRefusal(505, {
    kind: "unsupported",
    reason: "NOT_IMPLEMENTED",
    message: `${path.slice(1)} streams both ways, which needs HTTP/2`,
  });
}
