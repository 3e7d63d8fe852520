import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";

/** Many events come at once when an editor saves a file, or a link is swapped. */
const debounceMs = 100;
/** What no event tells of: a file behind a link, a single file that is mounted, a file system without events. */
const lookMs = 5_000;

/**
 * Tells when files may have changed, until disposed. It watches their folders: editors rename another file into a file's
 * place, and a ConfigMap's files are links through a link that is swapped. Throws when a folder is not there.
 */
export function watchFolders(paths: readonly string[], onChange: () => void): Disposable {
  let soon: NodeJS.Timeout | undefined;
  const changed = () => {
    clearTimeout(soon);
    soon = setTimeout(onChange, debounceMs).unref();
  };
  const watchers: FSWatcher[] = [];
  const looks = setInterval(onChange, lookMs).unref();
  const stop = () => {
    clearTimeout(soon);
    clearInterval(looks);
    for (const watcher of watchers) watcher.close();
  };
  try {
    for (const folder of new Set(paths.map((path) => dirname(path)))) {
      const watcher = watch(folder, { persistent: false }, changed);
      // Of a folder that is gone; the regular looks go on.
      watcher.on("error", () => watcher.close());
      watchers.push(watcher);
    }
  } catch (error) {
    stop();
    throw error;
  }
  return { [Symbol.dispose]: stop };
}
