import type { ServerSpec } from "./spec.ts";

/** A server as a file or an Apply declares it. */
export interface Declaration {
  readonly spec: ServerSpec;
  readonly start: StartWhen;
  readonly update: UpdateBy;
}

/** `now`: with the declaration. `on_call`: idle, without a container, until the first call. `manual`: by Start alone. */
export type StartWhen = "now" | "on_call" | "manual";

/**
 * How a changed spec takes the place of the old one. `rolling`: the new container replies before the old one goes, unless
 * a mount is writable. `recreate`: the old one stops first, and is kept until the new one replies.
 */
export type UpdateBy = "rolling" | "recreate";

/** Where the operator keeps the value of a secret. */
export type SecretSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "env"; readonly name: string }
  /** A program whose standard output is the value, run without a shell. */
  | { readonly kind: "command"; readonly argv: readonly string[] }
  /** Of systemd: a file of this name in $CREDENTIALS_DIRECTORY. */
  | { readonly kind: "credential"; readonly name: string };

/** What one or more servers.yaml declare, by the names of servers and secrets. */
export interface ServersFile {
  readonly servers: ReadonlyMap<string, Declaration>;
  readonly secrets: ReadonlyMap<string, SecretSource>;
}
