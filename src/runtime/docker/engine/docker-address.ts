import { ManagerError } from "../../../base/errors/errors.ts";

/** Where an engine listens. */
export type DockerAddress =
  | { readonly kind: "local"; readonly socketPath: string }
  | { readonly kind: "remote"; readonly host: string; readonly port: number; readonly tls: boolean };

/** Certificates for an engine behind TLS, in PEM: the three files of `DOCKER_CERT_PATH`. */
export interface DockerTls {
  readonly ca: string | Buffer;
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

const defaultSocketPath = "/var/run/docker.sock";

/** Reads the syntax of `DOCKER_HOST`; undefined is the default socket. */
export function parseDockerHost(dockerHost: string | undefined, tls: boolean): DockerAddress {
  if (dockerHost === undefined || dockerHost === "") return { kind: "local", socketPath: defaultSocketPath };
  if (dockerHost.startsWith("/")) return { kind: "local", socketPath: dockerHost };
  if (dockerHost.startsWith("unix://")) {
    return { kind: "local", socketPath: dockerHost.slice("unix://".length) || defaultSocketPath };
  }
  const url = URL.parse(dockerHost.includes("://") ? dockerHost : `tcp://${dockerHost}`);
  if (url === null || url.hostname === "" || !["tcp:", "http:", "https:"].includes(url.protocol)) {
    throw new ManagerError(
      "invalid",
      `DOCKER_HOST: "${dockerHost}" is not supported: use unix:///path/to/docker.sock or tcp://host:port` +
        " (for ssh, forward the socket: ssh -L /tmp/docker.sock:/var/run/docker.sock host)",
      { details: { reason: "BAD_DOCKER_HOST", delivery: "not_sent" } },
    );
  }
  const secure = tls || url.protocol === "https:";
  const port = url.port === "" ? (secure ? 2376 : 2375) : Number(url.port);
  return { kind: "remote", host: url.hostname.replace(/^\[|\]$/g, ""), port, tls: secure };
}

/** The address as people write it, for messages. */
export function formatDockerAddress(address: DockerAddress): string {
  return address.kind === "local" ? `unix://${address.socketPath}` : `tcp://${address.host}:${address.port}`;
}
