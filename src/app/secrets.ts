import type { Log } from "../base/log/log.ts";
import type { SecretSource } from "../base/spec/declaration.ts";
import type { Config } from "../config/config.ts";
import { DeclaredSecrets } from "../secrets/declared-secrets.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { openKey } from "./state.ts";

/** The secrets that are declared, with the environment in which they are looked for. Throws as `openKey`. */
export async function openSecrets(
  state: StateFolder | undefined,
  options: {
    readonly config: Pick<Config, "fleet">;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly secrets?: ReadonlyMap<string, SecretSource>;
    readonly log: Log;
  },
): Promise<DeclaredSecrets> {
  const { env = {}, secrets = new Map(), config, log } = options;
  const key = await openKey(state, { config, log });
  // The manager's own key is no secret of a server, and none of a command's business.
  const { MCPM_STATE_KEY: _own, ...rest } = env;
  return new DeclaredSecrets({ secrets, env: rest, keys: key.derive("secret digests"), log });
}

/** Where the manager keeps what no server may be given by a mount. */
export function ownPlaces({ state, docker }: Config, secrets: DeclaredSecrets): readonly string[] {
  return [state.path, ...secrets.places(), ...(docker.tls === undefined ? [] : [docker.tls.folder])];
}
