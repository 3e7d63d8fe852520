/**
 * Why nothing can be mounted at this place of a container, in its normal form; undefined when it can. The engine either
 * does not start such a container or hides a part of what was mounted, `/sys/firmware` for one, and says nothing.
 */
export function engineOwned(place: string): string | undefined {
  if (place === "/") return "must not be the root";
  if (place === "/dev" || place === "/sbin/docker-init")
    return "must not be the engine's own /dev or /sbin/docker-init";
  if (/^\/(?:proc|sys)(?:\/|$)/.test(place)) return "must not be in /proc or /sys, which are the engine's own";
  return undefined;
}
