import type { ServerSpec } from "../../../base/spec/spec.ts";
import { numericUser } from "../files/user-files.ts";
import type { ImageView } from "./image-files.ts";
import { resolveUser } from "./user-files.ts";

const maxKnown = 1000;

/** Which numbers the users of images have, by their own files. */
export class ImageUsers {
  /** By image id and name, oldest first. */
  readonly #known = new Map<string, { readonly numbers: string }>();

  /**
   * Whose a folder is to be, as `uid:gid`: that of the user with this number, else of the one that the server runs as.
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
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [passwd = "", group = ""] = [await image.text("/etc/passwd"), await image.text("/etc/group")];
    const found = resolveUser(user, { passwd, group });
    if ("problem" in found) return found;
    if (this.#known.size >= maxKnown) this.#known.delete(this.#known.keys().next().value ?? "");
    this.#known.set(key, found);
    return found;
  }
}
