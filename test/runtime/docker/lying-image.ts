import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { testImage } from "./test-fleet.ts";

/** An image of the test servers with labels of somebody's choice, as `docker commit` makes one. Removed when disposed. */
export class LyingImage implements AsyncDisposable {
  readonly name = `mcpm-test/lies:${randomBytes(6).toString("hex")}`;
  readonly #docker: Docker;

  private constructor(docker: Docker) {
    this.#docker = docker;
  }

  static async make(docker: Docker, labels: Record<string, string>): Promise<LyingImage> {
    const image = new LyingImage(docker);
    const [repo, tag] = image.name.split(":");
    const container = await docker.createContainer({ Image: testImage, Labels: labels });
    try {
      await container.commit({ repo, tag });
    } finally {
      await container.remove({ v: true });
    }
    return image;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#docker.getImage(this.name).remove({ force: true });
  }
}
