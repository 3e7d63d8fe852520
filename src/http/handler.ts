import type { Mount, NodeHandler, NodeRequest, NodeResponse, StreamHandler } from "../server/handlers/node-handler.ts";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import { endEarly } from "./end-early.ts";
import { respondWithError } from "./error-response.ts";
import { Guard, type GuardOptions } from "./guard.ts";
import { badRequestTarget, manyHosts } from "./refusals.ts";
import { refuse, refuseUnknownPath } from "./refuse.ts";
import { readRequestTarget } from "./request-target.ts";

/** Stands in front of every request, whatever its protocol: request target, Host, Origin and CORS. */
export function guarded(handler: NodeHandler, guard: Guard): NodeHandler {
  return (request, response) => {
    const target = readRequestTarget(request.url ?? "");
    if (target === undefined) {
      refuse(badRequestTarget, { request, response });
      return;
    }
    // RFC 9112, 3.2: the guard must see the name that any other reader of the request sees.
    if (hostCount(request) > 1) {
      refuse(manyHosts, { request, response });
      return;
    }
    const { path, authority } = target;
    request.url = path;
    // A name in the request line counts instead of the Host header, which may be missing then.
    if (authority !== undefined) request.headers.host = authority;
    const refusal = guard.refusalOf(request.headers);
    if (refusal !== undefined) {
      refuse(refusal, { request, response });
      return;
    }
    setHeaders(response, corsHeaders(request.headers));
    if (request.method === "OPTIONS" && request.headers.origin !== undefined) {
      setHeaders(response, preflightHeaders());
      response.statusCode = 204;
      endEarly({ request, response });
      return;
    }
    try {
      handler(request, response);
    } catch (error) {
      respondWithError({ request, response, error });
    }
  };
}

/** What a port serves: faces that take requests, and those that take streams before Node makes requests of them. */
export interface Faces {
  readonly mounts: readonly Mount[];
  readonly streams: readonly StreamHandler[];
}

/** Stands in front of all that a port serves: each request goes to the first face that takes it. */
export function frontDoor({ mounts, streams }: Faces, options: GuardOptions): Served {
  const guard = new Guard(options);
  return { handler: guarded(firstOf(mounts), guard), streams: guardedStreams(streams, guard) };
}

/** What a listener is given. */
interface Served {
  readonly handler: NodeHandler;
  readonly streams: StreamHandler;
}

/** Hands a request to the first that takes it; what none takes is not found. */
export function firstOf(mounts: readonly Mount[]): NodeHandler {
  return (request, response) => {
    for (const mount of mounts) if (mount(request, response)) return;
    refuseUnknownPath(request, response);
  };
}

/** The same guard before streams are taken: those that it would refuse, or respond to in some way, stay requests. */
function guardedStreams(handlers: readonly StreamHandler[], guard: Guard): StreamHandler {
  return (stream, headers, next) => {
    // A Host header besides the authority, or an Origin, is for the guard to look at closely.
    if (headers.host !== undefined || headers.origin !== undefined) return false;
    if (guard.refusalOf(headers) !== undefined) return false;
    return handlers.some((handler) => handler(stream, headers, next));
  };
}

function hostCount({ rawHeaders }: NodeRequest): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count;
}

function setHeaders(response: NodeResponse, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
