import type { ServerSpec } from "../../../base/spec/spec.ts";
import type { ImageView } from "../files/image-files.ts";
import type { ImageUsers } from "../files/image-users.ts";
import { numericUser, quoted } from "../files/user-files.ts";
import { bindUserDenied, checkBindRights, checkBindUser } from "./bind-rights.ts";

/** The user of a server with a writable bind, as the engine gets it: numbers, whatever the image's files say. */
export class BindUsers {
  readonly #bindUsers: readonly string[];
  readonly #users: ImageUsers;

  constructor(bindUsers: readonly string[], users: ImageUsers) {
    this.#bindUsers = bindUsers;
    this.#users = users;
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
    const found = await this.#users.numbersOf(user, image);
    if ("numbers" in found) return found.numbers;
    const todo = `set user to ${this.#bindUsers.join(" or ")} (MCPM_BIND_USERS)`;
    throw bindUserDenied(`${shown} may not write to a bind mount, for the image ${found.problem}: ${todo}`);
  }
}
