import { posix } from "node:path";
import { invalidRequest } from "../../../base/errors/errors.ts";
import { engineOwned } from "../../../base/spec/engine-place.ts";
import { secretFolders } from "../../../base/spec/secret-places.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import { normalPath } from "../../../base/text/normal-path.ts";
import type { ImageView } from "../files/image-files.ts";
import { volumePlace } from "./image-volumes.ts";
import { ownTmpfs } from "./own-tmpfs.ts";

/** Far more than 64 mounts need; an image may have folders in folders without end. */
const maxLooks = 1000;

interface Place {
  /** As the engine is told. */
  readonly target: string;
  /** Where that is, links of the image followed. */
  readonly place: string;
  /** Completes "where …". */
  readonly what: string;
  /** The target's path in the request; undefined for what the spec did not ask for. */
  readonly field: string | undefined;
}

/**
 * Throws `invalid` when a mount would be hidden because a target is a link in the image: the engine follows it, and
 * puts one mount on top of another, in the order of the lengths of what it was told.
 */
export async function checkTargets(spec: ServerSpec, image: ImageView): Promise<void> {
  const places: Place[] = [];
  let looks = 0;
  for (const { target, ...about } of targetsOf(spec, image)) {
    const look = async (path: string) => {
      looks += 1;
      if (looks <= maxLooks) return image.entry(path);
      const description = `has more folders in this image than are looked at, ${maxLooks} with the targets before`;
      throw invalidRequest([{ field: about.field ?? "spec.mounts", description }]);
    };
    places.push({ ...about, target, place: await follow(volumePlace(target), look) });
  }
  for (const one of places) checkPlace(one, places);
}

/** Those of the spec, the manager's own, and the image's volumes. */
function targetsOf(spec: ServerSpec, image: ImageView): Omit<Place, "place">[] {
  const asked = (spec.mounts ?? []).map(({ target }, index) => ({
    target: normalPath(target),
    what: `the mount at ${target} is`,
    field: `spec.mounts[${index}].target`,
  }));
  const secrets = [...secretFolders(spec).keys()].map((target) => ({
    target,
    what: `the files of secrets at ${target} are`,
    field: "spec.secret_files",
  }));
  const given = new Set([...asked, ...secrets].map(({ target }) => target));
  const own = Object.keys(ownTmpfs(spec)).map((target) => ({ target, what: "the manager's own tmpfs is" }));
  const volumes = image.identity.volumes.map((path) => ({
    target: path.startsWith("/") ? volumePlace(path) : posix.normalize(path),
    what: "the image has a volume",
  }));
  const others = [...own, ...volumes].filter(({ target }) => target !== "/" && !given.has(target));
  return [...asked, ...secrets, ...others.map((other) => ({ ...other, field: undefined }))];
}

function checkPlace(one: Place, places: readonly Place[]): void {
  const { field, target, place } = one;
  if (field === undefined) return;
  const owned = place === target ? undefined : engineOwned(place);
  const over = places.find((other) => other !== one && hides(other, one));
  const why = owned ?? (over && `would be hidden there, where ${over.what}`);
  if (why === undefined) return;
  const description = place === target ? why : `is ${place} in this image, by a link: ${why}`;
  throw invalidRequest([{ field, description }]);
}

/** Whether one mount covers another: it is in the same place or around it, and does not come before it for certain. */
function hides(over: Place, under: Place): boolean {
  if (over.place === over.target && under.place === under.target) return false;
  const isRelative = !over.target.startsWith("/");
  if (over.place === under.place && !isRelative) return true;
  const isAround = over.place === under.place || over.place === "/" || under.place.startsWith(`${over.place}/`);
  return isAround && depth(under.target) <= depth(over.target);
}

function depth(path: string): number {
  return path.split("/").length;
}

/** Where the engine mounts what it is told to mount at `target`. */
async function follow(target: string, look: ImageView["entry"]): Promise<string> {
  let place = "";
  const names = target.slice(1).split("/");
  for (const [index, name] of names.entries()) {
    const path = `${place}/${name}`;
    const found = await look(path);
    if (found.kind === "absent") return [place, ...names.slice(index)].join("/");
    place = found.kind === "link" ? found.to.replace(/\/+$/, "") : path;
  }
  return place === "" ? "/" : place;
}
