import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { testImage } from "./test-fleet.ts";

/** What the test servers' image is changed by. */
export interface ImageChanges {
  readonly labels?: Readonly<Record<string, string>>;
  /** A Node program that root runs in it. */
  readonly program?: string;
  /** Lines as of a Dockerfile: `VOLUME /x`, `USER node`. */
  readonly changes?: readonly string[];
  /** What `docker commit` can't change: `STOPSIGNAL`. */
  readonly stopSignal?: string;
}

/** The test servers' image with something changed, as `docker commit` makes one. Removed when disposed. */
export class CommittedImage implements AsyncDisposable {
  readonly name = `mcpm-test/committed:${randomBytes(6).toString("hex")}`;
  readonly #docker: Docker;

  private constructor(docker: Docker) {
    this.#docker = docker;
  }

  static async make(
    docker: Docker,
    { labels = {}, program, changes = [], stopSignal }: ImageChanges,
  ): Promise<CommittedImage> {
    const image = new CommittedImage(docker);
    const container = await docker.createContainer({
      Image: testImage,
      Labels: { ...labels },
      NetworkDisabled: true,
      ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
      ...(program === undefined ? {} : { User: "0:0", Cmd: ["--input-type=module", "-e", imports + program] }),
    });
    try {
      if (program !== undefined) await run(container);
      const [repo, tag] = image.name.split(":");
      await container.commit({ repo, tag, ...(changes.length === 0 ? {} : { changes: changes.join("\n") }) });
    } finally {
      await container.remove({ force: true, v: true });
    }
    return image;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#docker.getImage(this.name).remove({ force: true });
  }
}

const imports = 'import { chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"; ';

async function run(container: Docker.Container): Promise<void> {
  await container.start();
  const { StatusCode } = (await container.wait()) as { StatusCode: number };
  if (StatusCode !== 0) throw new Error(`the program that makes the image exited ${StatusCode}`);
}
