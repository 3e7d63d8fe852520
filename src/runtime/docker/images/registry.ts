import { ManagerError } from "../../../base/errors/errors.ts";

/** Docker Hub, under the key that `docker login` uses for it. */
export const dockerHub = "https://index.docker.io/v1/";

/** Names that lead to this machine or its own network, wherever they are asked for (RFC 6761, 6762, 8375; ICANN). */
const privateDomains = ["localhost", "local", "internal", "home.arpa"];

/**
 * The registry an image name points to, under the key that `docker login` uses for it. Docker's own rule: the first
 * part is a host when it has a dot, a port or, since Engine 25, an upper-case letter, which no repository has.
 */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const looksLikeHost = /[.:A-Z]/.test(first) || first === "localhost";
  if (rest.length === 0 || !looksLikeHost || first === "docker.io" || first === "index.docker.io") return dockerHub;
  return first;
}

/**
 * Throws `denied` unless images may be pulled from this image's registry. The engine asks whatever host and port it is
 * given, from where it stands: without the operator's word it goes to registries of the public net alone.
 */
export function checkRegistry(image: string, { registries }: { readonly registries: readonly string[] }): void {
  const host = registryOf(image);
  if (host === dockerHub || isPublicName(host) || registries.includes(host.toLowerCase())) return;
  const field = "spec.image";
  const description =
    `images are not pulled from the registry ${host}, since it has a port or no public DNS name: ` +
    "the operator can list it in MCPM_REGISTRIES, or load the image into the engine";
  throw new ManagerError("denied", `${field}: ${description}`, {
    details: { reason: "DENIED_BY_OPERATOR", delivery: "not_sent", violations: [{ field, description }] },
  });
}

/**
 * Whether a host is a DNS name of two labels or more, without a port. A last label that begins with a digit makes it an
 * address to some resolvers (`0x7f.1`, `127.1`).
 */
function isPublicName(host: string): boolean {
  const labels = host.toLowerCase().split(".");
  if (labels.length < 2 || !labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))) return false;
  if (!/^[a-z]/.test(labels.at(-1) ?? "")) return false;
  return !privateDomains.some((domain) => `.${labels.join(".")}`.endsWith(`.${domain}`));
}
