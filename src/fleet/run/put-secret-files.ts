import type { ServerSpec } from "../../base/spec/spec.ts";
import type { FleetServices } from "./fleet-services.ts";

/**
 * Reads the secrets that an instance has as files, and puts their values in place. Nothing to do where its spec names
 * none. Throws as `Secrets.read` and `Runtime.putSecretFiles`.
 */
export async function putSecretFiles(
  { runtime, secrets }: Pick<FleetServices, "runtime" | "secrets">,
  { spec, id, signal }: { readonly spec: ServerSpec; readonly id: string; readonly signal?: AbortSignal },
): Promise<void> {
  const { image, secretFiles } = spec;
  if (secretFiles === undefined) return;
  // Those in the environment stay what they are until there is another container.
  const values = await secrets.read({ image, secretFiles }, { signal });
  if (values !== undefined) await runtime.putSecretFiles(id, values, { signal });
}

/**
 * The same for all instances of servers. What can't be read or written now is told of in the log, and stays what it is.
 */
export async function refreshSecretFiles(
  services: Pick<FleetServices, "runtime" | "secrets" | "log">,
  servers: Iterable<{ readonly name: string; readonly spec: ServerSpec; readonly ids: readonly string[] }>,
): Promise<void> {
  const refresh = async ({ name: server, spec, id }: { name: string; spec: ServerSpec; id: string }) => {
    try {
      await putSecretFiles(services, { spec, id });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      services.log.warn("could not renew the files of secrets of a server", { server, problem });
    }
  };
  const all = [...servers].flatMap(({ name, spec, ids }) => ids.map((id) => ({ name, spec, id })));
  await Promise.all(all.map(refresh));
}
