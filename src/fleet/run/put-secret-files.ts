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
