import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { Log } from "../../../base/log/log.ts";
import { registryOf } from "./registry.ts";

/** What the engine takes as X-Registry-Auth. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress: string;
}

/** The parts of `config.json` in DOCKER_CONFIG that hold credentials, as `docker login` writes them. */
interface DockerConfigFile {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

/**
 * Credentials for the image's registry; a pull through the engine's API has none by itself. Undefined: pull without.
 * Credentials that can't be read don't stop a pull that may need none.
 */
export async function registryAuth(
  image: string,
  options: { readonly configDir: string | undefined; readonly log: Log },
): Promise<RegistryAuth | undefined> {
  if (options.configDir === undefined) return undefined;
  const file = path.join(options.configDir, "config.json");
  const registry = registryOf(image);
  try {
    const config = JSON.parse(await readFile(file, "utf8")) as DockerConfigFile;
    const helper = config.credHelpers?.[registry] ?? config.credsStore;
    return helper === undefined ? fromAuths(config, registry) : await fromHelper(helper, registry);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && (error as NodeJS.ErrnoException).path === file) {
      return undefined;
    }
    const reason = error instanceof Error ? error.message : String(error);
    options.log.warn("registry credentials can't be read; pulling without", { registry, file, reason });
    return undefined;
  }
}

function fromAuths(config: DockerConfigFile, registry: string): RegistryAuth | undefined {
  const entry = config.auths?.[registry] ?? config.auths?.[`https://${registry}`];
  if (entry === undefined) return undefined;
  if (entry.identitytoken) return { identitytoken: entry.identitytoken, serveraddress: registry };
  if (!entry.auth) return undefined;
  const decoded = Buffer.from(entry.auth, "base64").toString();
  const at = decoded.indexOf(":");
  if (at < 0) return undefined;
  return { username: decoded.slice(0, at), password: decoded.slice(at + 1), serveraddress: registry };
}

/** Asks `docker-credential-<helper>`: the registry on stdin, JSON on stdout. */
async function fromHelper(helper: string, registry: string): Promise<RegistryAuth | undefined> {
  if (!/^[\w.-]+$/.test(helper)) throw new Error(`"${helper}" is not the name of a credential helper`);
  const child = spawn(`docker-credential-${helper}`, ["get"], { stdio: ["pipe", "pipe", "ignore"], timeout: 10_000 });
  const exited = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  // A helper that is missing or does not read breaks the pipe; `exited` tells.
  child.stdin.on("error", () => {});
  child.stdin.end(registry);
  const [output, code] = await Promise.all([text(child.stdout), exited]);
  // Helpers say "credentials not found" this way.
  if (code !== 0) return undefined;
  const { Username, Secret } = JSON.parse(output) as { Username: string; Secret: string };
  return Username === "<token>"
    ? { identitytoken: Secret, serveraddress: registry }
    : { username: Username, password: Secret, serveraddress: registry };
}
