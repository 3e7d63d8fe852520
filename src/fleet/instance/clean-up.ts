import type { InstanceContext } from "../run/instance-context.ts";

/**
 * What made the launch fail is what the caller must see; a failing clean-up goes to the log. Says whether it worked.
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
