import assert from "node:assert/strict";
import { posix } from "node:path";
import fc from "fast-check";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { networkName } from "../../../src/runtime/docker/containers/container-name.ts";
import { ownLabels } from "../../../src/runtime/docker/containers/own-labels.ts";
import { containerLabels, eraOf, readSpec, replacesOf } from "../../../src/runtime/docker/engine/labels.ts";
import { stopSignalOf } from "../../../src/runtime/docker/engine/stop-signal.ts";
import { homeOf, resolveUser } from "../../../src/runtime/docker/files/user-files.ts";
import { factsOf } from "../../../src/runtime/docker/images/images.ts";
import { checkedVolumes } from "../../../src/runtime/docker/mounts/image-volumes.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { linesOf, recordOf } from "../text-lines.ts";

const fleet = "f";
const id = "a".repeat(64);
const spec: ServerSpec = { image: "i", env: { TOKEN: "t" }, labels: { team: "x" } };
const request = { server: "s", instance: "1b", replica: 2, spec, era: "modern", replaces: id } as const;

const lines = (...parts: fc.Arbitrary<string>[]) =>
  fc.array(fc.oneof(...parts), { maxLength: 4 }).map((all) => all.join("\n"));
const labels = lines(
  fc.constantFrom(
    "managed-by=mcp-docker-manager",
    "mcpm.fleet=other",
    "mcpm.server=victim",
    "mcpm.instance=1b",
    "mcpm.replica=0",
    "mcpm.era=legacy",
    "mcpm.replaces=../volumes/x",
    'mcpm.spec={"image":"evil"}',
    "traefik.enable=true",
    "__proto__=x",
  ),
  fc.string(),
);
const text = (...words: string[]) => fc.oneof(fc.constantFrom(...words), fc.string());
const account = lines(
  fc.constantFrom("root:x:0:0::/root:", "a:x:7:8::/h:/s", "7:x:1:1", ":::::", "a:x:-1:99999999999"),
  fc.string(),
);

/**
 * An image's labels, env, VOLUMEs, user, stop signal, /etc/passwd and /etc/group. Nothing throws, and none of them says
 * who a server is, where it is mounted or what the engine is asked.
 */
export const imageMetadata: FuzzTarget = {
  name: "image-metadata",
  shape: "fixed",
  cases: fc.tuple(
    labels,
    lines(text("HOME=/x", "TOKEN=theirs", "=", "A")),
    lines(text("/data", "/tmp", "//x/.", "relative", "/", "/../etc", "__proto__")),
    text("", "root", "0", "a", "7", "a:b", "7:", ":", "4294967296", "a:b:c"),
    text("SIGINT", "9", "TERM", "SIGKILL&x=1", "0", "__proto__"),
    account,
    account,
  ),
  dictionary: ["\n", "=", "mcpm.", "managed-by=", "/", "..", ":", "0", "\0", "SIG", "\u202e", "__proto__", "toString"],
  check([labelText = "", env = "", volumes = "", user = "", signal = "", passwd = "", group = ""]) {
    const image = factsOf({
      Config: {
        Labels: recordOf(labelText),
        Env: linesOf(env, "\n", 1).map(([line = ""]) => line),
        Volumes: Object.fromEntries(linesOf(volumes, "\n", 1).map(([path = ""]) => [path, {}])),
        User: user,
      },
    });
    checkIdentity(image.labels);
    checkVolumes(image.volumes);
    assert.match(stopSignalOf(signal), /^(?:SIG[A-Z0-9]+(?:[+-]\d{1,2})?|[1-9]\d?)$/);
    const found = resolveUser(user, { passwd, group });
    if ("numbers" in found) assert.match(found.numbers, /^\d{1,10}:\d{1,10}$/);
    else assert.equal(typeof found.problem, "string");
    assert.notEqual(homeOf(user, passwd), "");
  },
};

/** The engine gives a container what its image says where the container was told nothing. */
function checkIdentity(imageLabels: Readonly<Record<string, string>>): void {
  const given = containerLabels(request, { fleet, imageLabels, allowLabels: [] });
  const all = { ...imageLabels, ...given };
  const own = ownLabels({ name: networkName(fleet, request), id, labels: all, imageLabels }, fleet);
  // It was made for this container: no image can have it.
  if (imageLabels["mcpm.instance"] === request.instance) return;
  assert.ok(!("stranger" in own));
  assert.deepEqual([own.server, own.instance, own.replica, own.isNamedSo], ["s", "1b", 2, true]);
  assert.deepEqual([eraOf(all), replacesOf(all)], ["modern", id]);
  assert.deepEqual(readSpec(all, ["TOKEN=t", "PATH=/bin"]), spec);
  for (const [name, value] of Object.entries(all)) {
    if (/^(?:managed-by|mcpm\.|org\.(?:opencontainers\.image|label-schema)\.)/.test(name)) continue;
    assert.equal(value, "", name);
  }
}

/** Unless they are kept, each VOLUME has a tmpfs where the engine would mount it, or the image is refused. */
function checkVolumes(volumes: readonly string[]): void {
  for (const imageVolumes of ["keep", "tmpfs", "refuse"] as const) {
    try {
      const left = new Set(checkedVolumes(spec, { volumes }, { imageVolumes }));
      for (const path of left) assert.match(path, /^\/[^/]/);
      if (imageVolumes === "refuse") assert.equal(left.size, 0);
      if (imageVolumes === "keep") continue;
      for (const path of volumes.map((volume) => posix.join(volume, "."))) {
        assert.ok(left.has(path.replace(/(?<=.)\/$/, "")) || path.replace(/\/$/, "") === "/tmp", path);
      }
    } catch (error) {
      if (!(error instanceof ManagerError)) throw error;
    }
  }
}
