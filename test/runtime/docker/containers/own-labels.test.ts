import { describe, expect, it } from "vitest";
import { type LabelledContainer, ownLabels } from "../../../../src/runtime/docker/containers/own-labels.ts";
import { containerLabels, replacesOf } from "../../../../src/runtime/docker/engine/labels.ts";

const id = "c".repeat(64);
const other = "d".repeat(64);
const request = { server: "files", instance: "i-1", replica: 0, spec: { image: "a" } };
const given = (more = {}) =>
  containerLabels({ ...request, ...more }, { fleet: "blue", imageLabels: {}, allowLabels: [] });

/** What managers of before 0.2 gave: nothing where there was no value. */
function givenBefore(more = {}): Record<string, string> {
  const labels = given(more);
  const empty = Object.entries(labels).filter(
    ([name, value]) => value === "" || (name === "mcpm.replica" && value === "0"),
  );
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !empty.some(([other]) => other === name)));
}

const read = (container: Partial<LabelledContainer>) =>
  ownLabels({ id, name: "mcp-blue.files", labels: given(), imageLabels: {}, ...container }, "blue");

describe("The labels of a container", () => {
  it("that a manager made say whose it is", () => {
    expect(read({})).toMatchObject({ server: "files", instance: "i-1", replica: 0, isNamedSo: true });
    const second = { name: "mcp-blue.files.2.next", labels: given({ replica: 1, replaces: other }) };
    const own = read(second);
    expect(own).toMatchObject({ replica: 1, isNamedSo: true });
    expect("labels" in own && replacesOf(own.labels)).toBe(other);
  });

  it.each([
    ["are another fleet's", { labels: { ...given(), "mcpm.fleet": "red" } }],
    ["are nobody's", { labels: {} }],
    ["name no instance", { labels: { ...given(), "mcpm.instance": "" } }],
    ["are its image's, as of an image made of a server's container", { imageLabels: given() }],
    ["have no spec", { labels: { ...given(), "mcpm.spec": undefined } as unknown as Record<string, string> }],
    ["name no server", { labels: { ...given(), "mcpm.server": "../volumes/x" } }],
  ])("that %s make it nobody's server", (_how, container) => {
    expect(read(container)).toHaveProperty("stranger");
  });

  it("that an older manager made of an image that lies say what the manager said", () => {
    const imageLabels = { "mcpm.replica": "6", "mcpm.replaces": other, "mcpm.instance": "i-0", "mcpm.server": "other" };
    const own = read({ imageLabels, labels: { ...imageLabels, ...givenBefore() } });
    expect(own).toMatchObject({ server: "files", instance: "i-1", replica: 0, isNamedSo: true });
    expect("labels" in own && replacesOf(own.labels)).toBeUndefined();
    // A copy that has just the number that its image says.
    const labels = { ...imageLabels, ...givenBefore({ replica: 6 }) };
    expect(read({ name: "mcp-blue.files.7", imageLabels, labels })).toMatchObject({ replica: 6, isNamedSo: true });
  });

  it("with another name than the server's are told from those that go with it", () => {
    for (const name of ["web", "mcp-blue.other", "mcp-files", "mcp-blue.files.2"]) {
      expect(read({ name }), name).toMatchObject({ server: "files", isNamedSo: false });
    }
  });
});
