import { join } from "node:path";
import type { SecretSource } from "../../base/spec/declaration.ts";
import { readSecretFile } from "./read-file.ts";
import { runCommand } from "./run-command.ts";
import { SecretProblem } from "./secret-problem.ts";

export interface SourceContext {
  /** The manager's own environment: what `env` names is there, and commands run in it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** The value that a source has now, byte for byte. Throws `SecretProblem`. */
export async function readSource(source: SecretSource, context: SourceContext): Promise<Buffer> {
  const value = await readFrom(source, context);
  if (withoutLineBreak(value).length === 0)
    throw new SecretProblem("is empty: an empty value is most likely a mistake");
  return value;
}

/** Without one line break at the end, which editors and programs write and nobody means. */
export function withoutLineBreak(value: Buffer): Buffer {
  if (value.at(-1) !== 0x0a) return value;
  return value.subarray(0, value.at(-2) === 0x0d ? -2 : -1);
}

async function readFrom(source: SecretSource, { env, signal }: SourceContext): Promise<Buffer> {
  switch (source.kind) {
    case "file":
      return readSecretFile(source.path, { what: "its file" });
    case "env":
      return ofVariable(source.name, env);
    case "command":
      return withoutLineBreak(await runCommand(source.argv, { env, signal }));
    case "credential":
      return ofCredential(source.name, env);
  }
}

function ofVariable(name: string, env: SourceContext["env"]): Buffer {
  const value = env[name];
  if (value !== undefined) return Buffer.from(value);
  throw new SecretProblem("its variable is not in the manager's environment: set it where the manager is started", {
    variable: name,
  });
}

/** systemd puts them into a folder of the service's own (systemd.exec, Credentials). */
function ofCredential(name: string, { CREDENTIALS_DIRECTORY: folder }: SourceContext["env"]): Promise<Buffer> {
  if (!folder) {
    const todo = "the manager has no $CREDENTIALS_DIRECTORY: start it by a unit of systemd with LoadCredential=";
    throw new SecretProblem(`can't be had: ${todo}`, { credential: name });
  }
  if (/[/\0]/.test(name) || name === "." || name === "..") {
    throw new SecretProblem("its credential's name is not the name of a file", { credential: name });
  }
  return readSecretFile(join(folder, name), { what: "its credential" });
}
