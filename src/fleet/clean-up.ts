import type { LaunchContext } from "./launch-context.ts";

/** What made the launch fail is what the caller must see; a failing clean-up goes to the log. Says whether it worked. */
export async function cleanUp(context: LaunchContext, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    context.log.warn("could not clean up after a failed start", { server: context.name, error: String(error) });
    return false;
  }
}
