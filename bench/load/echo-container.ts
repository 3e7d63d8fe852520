import type { ServerSpec } from "../../src/base/spec/spec.ts";
import { containerOptions } from "../../src/runtime/docker/containers/container-options.ts";
import { Demuxer } from "../../src/runtime/docker/stdio/demux.ts";
import { testEngine } from "../../test/runtime/docker/test-fleet.ts";
import type { Lines } from "./line-load.ts";

/** Built from bench/echo by scripts/bench. */
export const echoImage = "mcpm-bench/echo:latest";

/** The echo server in a container of the manager's sandbox, attached by hand through the engine's API. */
export class EchoContainer implements AsyncDisposable {
  readonly lines: Lines;
  readonly #remove: () => Promise<void>;
  #onStderr: (bytes: number) => void = () => {};

  private constructor(socket: NodeJS.ReadWriteStream, remove: () => Promise<void>) {
    let reader: (chunk: Buffer) => void = () => {};
    const demuxer = new Demuxer({ stdout: (chunk) => reader(chunk), stderr: ({ length }) => this.#onStderr(length) });
    socket.on("data", (chunk: Buffer) => demuxer.push(chunk));
    this.lines = {
      write: (chunk) => socket.write(chunk),
      read: (onChunk) => {
        reader = onChunk;
      },
    };
    this.#remove = remove;
  }

  /** Create, attach, start: what any manager has to do. */
  static async start(program: Pick<ServerSpec, "command" | "args"> = {}): Promise<EchoContainer> {
    const docker = testEngine();
    const options = containerOptions({ image: echoImage, ...program }, { labels: {}, mounts: [] });
    // So that it goes with this process, however that ends.
    const HostConfig = { ...options.HostConfig, AutoRemove: true };
    const container = await docker.createContainer({ ...options, StdinOnce: true, HostConfig });
    const remove = async () => {
      const removed = container.wait({ condition: "removed" });
      await container.kill();
      await removed;
    };
    try {
      const attach = { stream: true, hijack: true, stdin: true, stdout: true, stderr: true };
      const socket = await container.attach(attach);
      await container.start();
      return new EchoContainer(socket, remove);
    } catch (error) {
      await container.remove({ force: true });
      throw error;
    }
  }

  /** Resolves when the server has written so many more bytes to stderr. */
  stderrBytes(bytes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = bytes;
    this.#onStderr = (length) => {
      left -= length;
      if (left <= 0) resolve();
    };
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove();
  }
}
