import { shellServerSpec } from "../growth/shell-server.ts";
import type { BenchManager } from "../load/bench-manager.ts";

export interface DeclaredServer {
  readonly spec: typeof shellServerSpec & { readonly env?: Readonly<Record<string, string>> };
}

export function declaredServers(count: number): Record<string, DeclaredServer> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`s-${index}`, { spec: shellServerSpec }]));
}

/** Applies a set, and gives what was done. Throws when a server could not be made what is declared. */
export async function applied(
  { client }: BenchManager,
  { servers }: { readonly servers: Readonly<Record<string, DeclaredServer>> },
): Promise<{ changed: number; kept: number }> {
  const request = { set: "bench", servers: { ...servers } };
  for await (const { event } of client.apply(request)) {
    if (event.case === "change" && event.value.error !== undefined) throw new Error(event.value.error.message);
    if (event.case === "done") return event.value;
  }
  throw new Error("the apply ended without saying what it did");
}
