import { invalidRequest } from "../../base/errors/errors.ts";
import type { SecretSource } from "../../base/spec/declaration.ts";
import { type SecretUse, secretUses } from "../../base/spec/secret-places.ts";
import type { SecretValues } from "../../base/spec/secret-values.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";

/** A secret that the operator has declared. */
export interface DeclaredSecret {
  readonly name: string;
  readonly source: SecretSource["kind"];
}

/** What the fleet has to know of secrets. What is declared may change at any time. */
export interface Secrets {
  /** By name. */
  declared(): readonly DeclaredSecret[];

  /**
   * Reads what a spec names, as it is now. Undefined: it names none. Throws `not_running` (SECRET_UNRESOLVED) with each
   * field whose secret is not declared or can't be read. The signal ends only the wait.
   */
  read(spec: ServerSpec, options: { readonly signal?: AbortSignal | undefined }): Promise<SecretValues | undefined>;
}

/** None is declared. */
export const noSecrets: Secrets = {
  declared: () => [],
  read: async () => undefined,
};

/** Throws `invalid` with each field of a spec that names a secret which is not declared. */
export function checkDeclared(spec: ServerSpec, secrets: Pick<Secrets, "declared">): void {
  const uses = secretUses(spec);
  if (uses.length === 0) return;
  const names = new Set(secrets.declared().map(({ name }) => name));
  const unknown = uses.filter(({ secret }) => !names.has(secret));
  if (unknown.length > 0) throw invalidRequest(unknown.map(notDeclared));
}

export function notDeclared({ secret, field }: SecretUse): { readonly field: string; readonly description: string } {
  return { field, description: `no secret is declared as ${JSON.stringify(secret)}: the operator declares secrets` };
}

/** A secret, and the servers whose specs name it. */
export interface UsedSecret {
  readonly name: string;
  /** Undefined: servers name it, and it is not declared any more. */
  readonly source: SecretSource["kind"] | undefined;
  readonly servers: readonly string[];
}

/** Every secret that is declared or in use, by name. */
export function usedSecrets(
  declared: readonly DeclaredSecret[],
  servers: readonly { readonly name: string; readonly spec: ServerSpec }[],
): UsedSecret[] {
  const users = new Map<string, Set<string>>(declared.map(({ name }) => [name, new Set()]));
  for (const { name, spec } of servers) {
    for (const { secret } of secretUses(spec)) users.set(secret, (users.get(secret) ?? new Set()).add(name));
  }
  const sources = new Map(declared.map(({ name, source }) => [name, source]));
  return [...users]
    .map(([name, servers]) => ({ name, source: sources.get(name), servers: [...servers].toSorted() }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
