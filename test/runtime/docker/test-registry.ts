import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";
/** An archive without entries. */
const emptyTar = Buffer.alloc(1024);

/** A registry on loopback, where engines take registries without TLS; it has one image, `empty:1`, of one empty layer. */
export class TestRegistry implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Each blob is given after `blobDelayMs`, so that a pull takes its time. */
  static async open({ blobDelayMs = 0 } = {}): Promise<TestRegistry> {
    const layer = gzipSync(emptyTar);
    const config = Buffer.from(
      JSON.stringify({
        os: "linux",
        config: { Cmd: ["/nothing"], Labels: { registry: String(process.hrtime.bigint()) } },
        rootfs: { type: "layers", diff_ids: [digestOf(emptyTar)] },
      }),
    );
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: blob("application/vnd.docker.container.image.v1+json", config),
        layers: [blob("application/vnd.docker.image.rootfs.diff.tar.gzip", layer)],
      }),
    );
    const files = new Map<string, Buffer>([
      ["/v2/", Buffer.from("{}")],
      ["/v2/empty/manifests/1", manifest],
      [`/v2/empty/manifests/${digestOf(manifest)}`, manifest],
      [`/v2/empty/blobs/${digestOf(config)}`, config],
      [`/v2/empty/blobs/${digestOf(layer)}`, layer],
    ]);
    const server = createServer(({ url = "" }, response) => {
      const file = files.get(url);
      response.statusCode = file === undefined ? 404 : 200;
      response.setHeader("content-type", url.includes("/manifests/") ? manifestType : "application/octet-stream");
      setTimeout(() => response.end(file), url.includes("/blobs/") ? blobDelayMs : 0);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TestRegistry(server);
  }

  /** As MCPM_REGISTRIES has it. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get image(): string {
    return `${this.host}/empty:1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function blob(mediaType: string, content: Buffer) {
  return { mediaType, size: content.length, digest: digestOf(content) };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
