import { errorReasons } from "../../src/base/errors/error-reason.ts";
import { routes } from "../../src/rest/routes.ts";

/** What callers depend on besides the protos, in lines that stay: see docs/api.md. */
export interface Surface {
  /** `POST /servers/{name}/start: Start, spec`: the RPC, and which field of its request the body is. */
  readonly routes: readonly string[];
  /** The reasons of errors. */
  readonly reasons: readonly string[];
}

export function surfaceOf(now: { routes: typeof routes; errorReasons: readonly string[] }): Surface {
  const line = ({ httpMethod, path, rpc, body = "query" }: (typeof routes)[number]) =>
    `${httpMethod} ${path}: ${rpc.name}, ${body}`;
  return { routes: now.routes.map(line), reasons: now.errorReasons };
}

/** As it is now. */
export const surface = surfaceOf({ routes, errorReasons });

/** What was released and is not there any more. */
export function missing(released: Surface, now: Surface): string[] {
  const lines = new Set([...now.routes, ...now.reasons]);
  return [...released.routes, ...released.reasons].filter((line) => !lines.has(line));
}
