import type Docker from "dockerode";
import { CommittedImage } from "../runtime/docker/committed-image.ts";
import { type TestFleet, testImage } from "../runtime/docker/test-fleet.ts";

/**
 * Containers that are nobody's servers: a person's, and one of an image whose labels say that it is the fleet's server
 * "plain". The image lies to each manager that runs it as a server, too: that a copy of it takes their place.
 */
export class Bystanders implements AsyncDisposable {
  readonly image: CommittedImage;
  readonly #containers: readonly Docker.Container[];
  readonly #before: readonly string[];

  private constructor(image: CommittedImage, found: { containers: readonly Docker.Container[]; states: string[] }) {
    this.image = image;
    this.#containers = found.containers;
    this.#before = found.states;
  }

  static async make({ docker, fleet }: TestFleet): Promise<Bystanders> {
    const run = async (image: string) => {
      const container = await docker.createContainer({ Image: image, Cmd: ["hostile.mjs"], OpenStdin: true });
      await container.start();
      return container;
    };
    const persons = await run(testImage);
    const labels = {
      "managed-by": "mcp-docker-manager",
      "mcpm.fleet": fleet,
      "mcpm.server": "plain",
      "mcpm.instance": "i-0",
      "mcpm.spec": JSON.stringify({ image: testImage }),
      "mcpm.era": "legacy",
      "mcpm.replica": "1",
      "mcpm.replaces": persons.id,
      exitCode: "0",
    };
    const image = await CommittedImage.make(docker, { labels });
    const containers = [persons, await run(image.name)];
    return new Bystanders(image, { containers, states: await Promise.all(containers.map(stateOf)) });
  }

  /** The engine's ids of them. */
  get ids(): ReadonlySet<string> {
    return new Set(this.#containers.map(({ id }) => id));
  }

  /** What happened to one of them: nothing should. */
  async check(): Promise<string[]> {
    const now = await Promise.all(this.#containers.map(stateOf));
    return now.flatMap((state, at) =>
      state === this.#before[at] ? [] : [`a bystander was ${this.#before[at]} and is ${state}`],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#containers.map((container) => container.remove({ force: true, v: true }).catch(() => {})));
    await this.image[Symbol.asyncDispose]();
  }
}

async function stateOf(container: Docker.Container): Promise<string> {
  try {
    const { Name, State } = await container.inspect();
    return `${Name} ${State.Status} since ${State.StartedAt}`;
  } catch {
    return "gone";
  }
}
