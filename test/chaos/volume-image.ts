import type Docker from "dockerode";
import { testImage } from "../runtime/docker/test-fleet.ts";

/** The test servers' image with a VOLUME: each of its containers gets an anonymous volume, which must go with it. */
export class VolumeImage implements AsyncDisposable {
  readonly name: string;
  readonly #docker: Docker;

  private constructor(docker: Docker, name: string) {
    this.#docker = docker;
    this.name = name;
  }

  static async make(docker: Docker, tag: string): Promise<VolumeImage> {
    const repo = "mcpm-test/volume";
    const container = await docker.createContainer({ Image: testImage });
    try {
      await container.commit({ repo, tag, changes: "VOLUME /scratch" });
    } finally {
      await container.remove({ v: true });
    }
    return new VolumeImage(docker, `${repo}:${tag}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#docker.getImage(this.name).remove();
  }
}
