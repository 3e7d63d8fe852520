import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { testImage } from "./test-fleet.ts";

/** What the test servers' image is changed by: labels of its own, and lines as of a Dockerfile (`VOLUME /x`). */
export interface ImageChanges {
  readonly labels?: Readonly<Record<string, string>>;
  readonly changes?: string;
}

/** The test servers' image with something changed, as `docker commit` makes one. Removed when disposed. */
export class CommittedImage implements AsyncDisposable {
  readonly name = `mcpm-test/committed:${randomBytes(6).toString("hex")}`;
  readonly #docker: Docker;

  private constructor(docker: Docker) {
    this.#docker = docker;
  }

  static async make(docker: Docker, { labels = {}, changes }: ImageChanges): Promise<CommittedImage> {
    const image = new CommittedImage(docker);
    const [repo, tag] = image.name.split(":");
    const container = await docker.createContainer({ Image: testImage, Labels: { ...labels } });
    try {
      await container.commit({ repo, tag, ...(changes === undefined ? {} : { changes }) });
    } finally {
      await container.remove({ v: true });
    }
    return image;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#docker.getImage(this.name).remove({ force: true });
  }
}
