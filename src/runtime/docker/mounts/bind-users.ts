import type { ServerSpec } from "../../../base/spec/spec.ts";
import type { ImageView } from "../files/image-files.ts";
import { quoted, resolveUser } from "../files/user-files.ts";
import { bindUserDenied, checkBindRights, checkBindUser, numericUser } from "./bind-rights.ts";

const maxKnown = 1000;

/** The user of a server with a writable bind, as the engine gets it: numbers, whatever the image's files say. */
export class BindUsers {
  readonly #bindUsers: readonly string[];
  /** The numbers of users by image id and name, oldest first. */
  readonly #known = new Map<string, string>();

  constructor(bindUsers: readonly string[]) {
    this.#bindUsers = bindUsers;
  }

  /** Throws `denied` as far as that can be told before there is an image. */
  check(spec: ServerSpec): void {
    checkBindRights(spec, this.#bindUsers);
  }

  /**
   * The `uid:gid` to run this spec as: given both, the engine takes no further group from the image. Throws `denied`
   * unless servers may write to bind mounts as that user. A name means what the image's own files say.
   */
  async of(spec: ServerSpec, image: ImageView): Promise<string> {
    this.check(spec);
    const user = spec.user ?? image.identity.user;
    const shown =
      spec.user === undefined ? `the image's own user, ${user === "" ? "root" : quoted(user)},` : `user ${user}`;
    const numbers = numericUser(user) ?? (await this.#resolve(user, { shown, image }));
    checkBindUser(numbers, { shown, bindUsers: this.#bindUsers });
    return numbers;
  }

  async #resolve(
    user: string,
    { shown, image }: { readonly shown: string; readonly image: ImageView },
  ): Promise<string> {
    const key = `${image.identity.id} ${user}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [passwd = "", group = ""] = [await image.text("/etc/passwd"), await image.text("/etc/group")];
    const found = resolveUser(user, { passwd, group });
    if ("problem" in found) {
      const todo = `set user to ${this.#bindUsers.join(" or ")} (MCPM_BIND_USERS)`;
      throw bindUserDenied(`${shown} may not write to a bind mount, for the image ${found.problem}: ${todo}`);
    }
    if (this.#known.size >= maxKnown) this.#known.delete(this.#known.keys().next().value ?? "");
    this.#known.set(key, found.numbers);
    return found.numbers;
  }
}
