import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { testImage } from "./test-fleet.ts";

/** An image that a Node program, run as root, has made of the tests' own; removed when disposed. */
export class DerivedImage implements AsyncDisposable {
  readonly name = `mcpm-test/derived-${randomBytes(6).toString("hex")}:latest`;
  readonly #docker: Docker;

  private constructor(docker: Docker) {
    this.#docker = docker;
  }

  /** `user` is what its Dockerfile would have as USER. */
  static async make(
    docker: Docker,
    { program, user = "1000:1000" }: { readonly program: string; readonly user?: string },
  ): Promise<DerivedImage> {
    const image = new DerivedImage(docker);
    const script = `import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"; ${program}`;
    const container = await docker.createContainer({
      Image: testImage,
      User: "0:0",
      Cmd: ["--input-type=module", "-e", script],
      NetworkDisabled: true,
    });
    try {
      await container.start();
      const { StatusCode } = (await container.wait()) as { StatusCode: number };
      if (StatusCode !== 0) throw new Error(`the program that makes the image exited ${StatusCode}`);
      const [repo, tag] = image.name.split(":");
      await container.commit({ repo, tag, changes: `USER ${user}` } as object);
    } finally {
      await container.remove({ force: true });
    }
    return image;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#docker.getImage(this.name).remove({ force: true });
  }
}
