/**
 * Signals every process of a group: what a server forked must not outlive it. A child that made a session of its own
 * (`setsid`) has left the group and is out of reach. Nothing happens when no process is left.
 */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leaderPid, signal);
  } catch (error) {
    // macOS says EPERM of a group that has only zombies left.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
