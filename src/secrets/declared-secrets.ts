import { abortable } from "../base/async/abortable.ts";
import { Singleflight } from "../base/async/singleflight.ts";
import { abortedError } from "../base/errors/aborted-error.ts";
import { type FieldViolation, ManagerError } from "../base/errors/errors.ts";
import type { Log } from "../base/log/log.ts";
import type { SecretSource } from "../base/spec/declaration.ts";
import { type SecretUse, secretUses } from "../base/spec/secret-places.ts";
import { SecretValues } from "../base/spec/secret-values.ts";
import type { ServerSpec } from "../base/spec/spec.ts";
import { readSource, type SourceContext, withoutLineBreak } from "./providers/read-source.ts";
import { SecretProblem } from "./providers/secret-problem.ts";
import { digestsOf, type SecretKeys } from "./secret-digests.ts";

/** What a variable may hold, its name included, as for `env` of a spec. */
const maxVariableBytes = 131_000;

export interface DeclaredSecretsOptions {
  readonly secrets: ReadonlyMap<string, SecretSource>;
  /** The manager's own environment. */
  readonly env: SourceContext["env"];
  readonly keys: SecretKeys;
  readonly log: Log;
}

/** The secrets that the operator has declared. Values are read when they are asked for, and kept nowhere. */
export class DeclaredSecrets {
  readonly #options: DeclaredSecretsOptions;
  #sources: ReadonlyMap<string, SecretSource>;
  /** Readings under way: ten servers that come up at once run a command once. */
  readonly #readings = new Map<SecretSource, Singleflight<Buffer>>();

  constructor(options: DeclaredSecretsOptions) {
    this.#options = options;
    this.#sources = options.secrets;
  }

  /** Puts other declarations in the place of those there are. What is being read is read to its end. */
  declare(secrets: ReadonlyMap<string, SecretSource>): void {
    this.#sources = secrets;
  }

  declared(): { readonly name: string; readonly source: SecretSource["kind"] }[] {
    return [...this.#sources].map(([name, { kind }]) => ({ name, source: kind }));
  }

  /** Where values are kept in files: no server may be given these by a mount. */
  places(): string[] {
    const { CREDENTIALS_DIRECTORY: folder } = this.#options.env;
    const files = [...this.#sources.values()].flatMap((source) => (source.kind === "file" ? [source.path] : []));
    return folder ? [...files, folder] : files;
  }

  /** As `Secrets.read` of the fleet. */
  async read(
    spec: ServerSpec,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<SecretValues | undefined> {
    const { secrets = {}, secretFiles = {} } = spec;
    const uses = secretUses(spec);
    if (uses.length === 0) return undefined;
    const values = await this.#readAll(uses, options.signal);
    const env: Record<string, string> = {};
    const problems: FieldViolation[] = [];
    for (const [variable, secret] of Object.entries(secrets)) {
      const value = withoutLineBreak(values.get(secret) ?? Buffer.alloc(0));
      const problem = notForVariable(variable, value);
      if (problem === undefined) env[variable] = value.toString();
      else problems.push({ field: `spec.secrets[${JSON.stringify(variable)}]`, description: about(secret, problem) });
    }
    if (problems.length > 0) throw unresolved(problems);
    const files = new Map(
      Object.entries(secretFiles).map(([path, secret]) => [path, values.get(secret) ?? Buffer.alloc(0)]),
    );
    return new SecretValues({ env, files, digests: digestsOf(env, { secrets, keys: this.#options.keys }) });
  }

  /** Each secret once. Throws with all that can't be read. */
  async #readAll(uses: readonly SecretUse[], signal: AbortSignal | undefined): Promise<Map<string, Buffer>> {
    const names = [...new Set(uses.map(({ secret }) => secret))];
    const found = await Promise.all(names.map(async (name) => [name, await this.#tryToRead(name, signal)] as const));
    const problems = new Map(found.flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
    if (problems.size > 0) {
      const failed = uses.filter(({ secret }) => problems.has(secret));
      throw unresolved(
        failed.map(({ secret, field }) => ({ field, description: about(secret, problems.get(secret)) })),
      );
    }
    return new Map(found.flatMap(([name, value]) => (typeof value === "string" ? [] : [[name, value]])));
  }

  /** The value, or why there is none. */
  async #tryToRead(name: string, signal: AbortSignal | undefined): Promise<Buffer | string> {
    const source = this.#sources.get(name);
    if (source === undefined) return "is not declared any more: the operator declares secrets";
    try {
      return await this.#read(source, signal);
    } catch (error) {
      if (!(error instanceof SecretProblem)) throw error;
      const { log } = this.#options;
      log.warn("a secret can't be read", {
        secret: name,
        source: source.kind,
        problem: error.message,
        ...error.detail,
      });
      return error.message;
    }
  }

  async #read(source: SecretSource, signal: AbortSignal | undefined): Promise<Buffer> {
    const { env } = this.#options;
    let reading = this.#readings.get(source);
    if (reading === undefined || reading.abandoned) {
      const begun = new Singleflight((abort) => readSource(source, { env, signal: abort }));
      this.#readings.set(source, begun);
      reading = begun;
    }
    const joined = reading;
    try {
      // A command that is killed because its last caller left is that caller's end, not a secret's problem.
      const value = joined.join({ signal });
      return await (signal === undefined ? value : abortable(value, signal));
    } catch (error) {
      throw signal?.aborted ? abortedError(signal.reason, "the value of a secret") : error;
    } finally {
      if (this.#readings.get(source) === joined) this.#readings.delete(source);
    }
  }
}

function about(secret: string, problem: string | undefined): string {
  return `secret ${JSON.stringify(secret)}: ${problem}`;
}

/** A variable is text, and ends at a NUL. */
function notForVariable(name: string, value: Buffer): string | undefined {
  if (Buffer.byteLength(name) + value.length > maxVariableBytes) {
    return `has more than ${maxVariableBytes} bytes with the variable's name: use secret_files`;
  }
  if (value.includes(0)) return "holds a NUL character, which no variable can: use secret_files";
  const isText = Buffer.from(value.toString()).equals(value);
  return isText ? undefined : "is not text in UTF-8: use secret_files";
}

function unresolved(violations: readonly FieldViolation[]): ManagerError {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return new ManagerError("not_running", `${first?.field}: ${first?.description}${more}`, {
    details: { reason: "SECRET_UNRESOLVED", delivery: "not_sent", violations },
  });
}
