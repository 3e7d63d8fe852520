import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "./settings/setting.ts";

/** Where the engine is, by the variables of the `docker` command. */
export interface DockerEnv {
  /** `DOCKER_HOST`; undefined: the default socket. */
  readonly host: string | undefined;
  /** Folder of the Docker config, for registry credentials (`DOCKER_CONFIG`). */
  readonly configDir: string;
  /** Client certificate for a TLS engine (`DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`). */
  readonly tls: ClientCertificate | undefined;
}

interface ClientCertificate {
  /** Where its files lie. */
  readonly folder: string;
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Throws ConfigError when the certificates can't be read. */
export function readDockerEnv(env: Readonly<Record<string, string | undefined>>): DockerEnv {
  const configDir = env.DOCKER_CONFIG || join(homedir(), ".docker");
  const certPath = env.DOCKER_CERT_PATH || configDir;
  return Object.freeze({
    host: env.DOCKER_HOST || undefined,
    configDir,
    tls: env.DOCKER_TLS_VERIFY ? readCertificate(certPath) : undefined,
  });
}

function readCertificate(folder: string): ClientCertificate {
  const read = (file: string) => readFileSync(join(folder, file));
  try {
    return { folder, ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
  } catch (error) {
    throw new ConfigError(`DOCKER_TLS_VERIFY is set, but DOCKER_CERT_PATH=${folder} can't be read: ${String(error)}`);
  }
}
