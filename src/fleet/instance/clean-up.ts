import type { InstanceContext } from "../run/instance-context.ts";

/**
 * Cleans up after a failed launch. The caller must see why the launch failed, so a failure of this goes to the log.
 * Returns whether it worked.
 */
export async function cleanUp({ services, server }: InstanceContext, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    services.log.warn("could not clean up after a failed start", { server: server.name, error: String(error) });
    return false;
  }
}
