import type { ServerSpec } from "../../../base/spec/spec.ts";
import type { ImageView } from "./image-files.ts";
import { homeOf, numericUser, resolveUser } from "./user-files.ts";

const maxKnown = 1000;

/** The numbers of images' users, by the images' own files. */
export class ImageUsers {
  /** By image id and name, oldest first. */
  readonly #numbers = new Map<string, { readonly numbers: string }>();
  readonly #homes = new Map<string, string>();

  /**
   * The owner that a folder is to get, as `uid:gid`: the user with this number, else the one that the server runs as.
   * Undefined when the image does not say who that is.
   */
  async ownerFor(
    uid: number | undefined,
    { spec, image }: { readonly spec: Pick<ServerSpec, "user">; readonly image: ImageView },
  ): Promise<string | undefined> {
    const user = uid === undefined ? (spec.user ?? image.identity.user) : String(uid);
    // The engine takes an empty name for root, without a look at the image.
    if (user === "") return "0:0";
    const numbers = numericUser(user);
    if (numbers !== undefined) return numbers;
    const found = await this.numbersOf(user, image);
    if ("numbers" in found) return found.numbers;
    return uid === undefined ? undefined : `${uid}:0`;
  }

  /** As `resolveUser`. */
  async numbersOf(user: string, image: ImageView): Promise<{ numbers: string } | { problem: string }> {
    const key = `${image.identity.id} ${user}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const [passwd = "", group = ""] = [await image.text("/etc/passwd"), await image.text("/etc/group")];
    const found = resolveUser(user, { passwd, group });
    if ("numbers" in found) keep(this.#numbers, key, found);
    return found;
  }

  /** As `homeOf`. */
  async homeOf(user: string, image: ImageView): Promise<string> {
    const key = `${image.identity.id} ${user}`;
    const home = this.#homes.get(key) ?? homeOf(user, (await image.text("/etc/passwd")) ?? "");
    keep(this.#homes, key, home);
    return home;
  }
}

function keep<T>(known: Map<string, T>, key: string, value: T): void {
  if (known.size >= maxKnown) known.delete(known.keys().next().value ?? "");
  known.set(key, value);
}
