import { posix } from "node:path";

/** Where the engine mounts a VOLUME of an image: `rel` at `/rel`, and `../../x` at `/x`. */
export function volumePath(volume: string): string {
  return posix.join("/", volume).replace(/(?<=.)\/$/, "");
}
