/** A setting of the manager: its environment variable, which is also its flag (`MCPM_PORT` is `--port`). */
export interface Setting<T> {
  readonly env: string;
  readonly help: string;
  /** What `--help` shows as the default. */
  readonly fallback: T;
  /** What it shows instead where the default is made of other things. */
  readonly fallbackText?: string;
  /** The default where it depends on who the manager is: `uid:gid`, or undefined where that is not known. */
  readonly fallbackFor?: (user: string | undefined) => T;
  /** It has no flag, which others on the machine would see, and no error shows its value. */
  readonly isSecret?: boolean;
  /** Throws SettingProblem. */
  readonly parse: (text: string) => T;
}

/** The settings of one owner, by the names that it reads them by. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** The values that a table is read to. */
export type ValuesOf<Table extends SettingTable> = {
  readonly [Key in keyof Table]: Table[Key] extends Setting<infer T> ? T : never;
};

/** A configuration that stops the start: the message names the setting. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** What is wrong with a value, as the end of a sentence that starts with the setting's name. */
export class SettingProblem extends Error {}

/** A line of a table. The parser says what type the value has. */
export function setting<T>(
  env: string,
  options: Omit<Setting<T>, "env" | "fallback"> & { readonly fallback: NoInfer<T> },
): Setting<T> {
  return { env, ...options };
}

/** The flag of a setting, without its dashes. */
export function flagOf(env: string): string {
  return env
    .replace(/^MCPM_/, "")
    .toLowerCase()
    .replaceAll("_", "-");
}

/**
 * Reads a table, frozen. `textOf` has what was given for a variable; nothing and "" mean the default. Throws
 * ConfigError.
 */
export function readSettings<Table extends SettingTable>(
  table: Table,
  given: { readonly textOf: (env: string) => string | undefined; readonly user: string | undefined },
): ValuesOf<Table> {
  const values = Object.entries(table).map(([key, setting]) => {
    const text = given.textOf(setting.env);
    const isGiven = text !== undefined && text !== "";
    return [key, isGiven ? parseSetting(setting, text) : defaultOf(setting, given.user)] as const;
  });
  return Object.freeze(Object.fromEntries(values)) as ValuesOf<Table>;
}

function defaultOf<T>({ fallback, fallbackFor }: Setting<T>, user: string | undefined): T {
  return fallbackFor === undefined ? fallback : fallbackFor(user);
}

function parseSetting<T>({ env, isSecret, parse }: Setting<T>, text: string): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof SettingProblem) throw new ConfigError(`${env}${isSecret ? "" : `=${text}`} ${error.message}`);
    throw error;
  }
}
