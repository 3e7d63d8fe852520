import { expect, test } from "vitest";
import type { ServerSpec } from "../../src/base/spec/spec.ts";
import { capabilityTitle } from "./contract-title.ts";
import type { TestInstances } from "./test-instances.ts";

/** Images: looked for and pulled, or none at all. */
export function describeImages(instances: TestInstances): void {
  const { runtime } = instances;
  const missing = "registry.invalid/nobody/nothing:1";
  const declared = (can: string, cannot: string) => capabilityTitle(runtime, "images", { can, cannot });

  test(declared("an image is looked for", "any name will do, and none is looked for"), async () => {
    const spec: ServerSpec = { ...instances.spec("echo.mjs"), image: missing, pullPolicy: "never" };
    if (runtime.capabilities.images) {
      expect(await runtime.hasImage(instances.spec("echo.mjs"), {})).toBe(true);
      const imageId = await runtime.prepare(instances.spec("echo.mjs"), {});
      expect(imageId).toMatch(/^sha256:/);
      expect(await instances.create(instances.spec("echo.mjs"), "imaged")).toMatchObject({ imageId });
      expect(await runtime.hasImage(spec, {})).toBe(false);
      const unavailable = { kind: "not_found", details: { reason: "IMAGE_UNAVAILABLE", delivery: "not_sent" } };
      await expect(runtime.prepare(spec, {})).rejects.toMatchObject(unavailable);
      const request = { server: "none", instance: "1", replica: 0, spec };
      await expect(runtime.create(request, {})).rejects.toMatchObject(unavailable);
    } else {
      expect(await runtime.hasImage(spec, {})).toBe(true);
      expect(await runtime.prepare(spec, {})).toBe("");
      const record = await runtime.create({ server: "imageless", instance: "1", replica: 0, spec }, {});
      expect(record).toMatchObject({ imageId: "", imageDigest: "" });
    }
  });

  test(declared("one that can't be pulled is named", "pulling always is refused"), async () => {
    const spec: ServerSpec = { ...instances.spec("echo.mjs"), image: missing, pullPolicy: "always" };
    if (runtime.capabilities.images) {
      await expect(runtime.prepare(spec, {})).rejects.toMatchObject({
        kind: "not_found",
        message: expect.stringContaining("registry.invalid"),
        details: { reason: "IMAGE_UNAVAILABLE" },
      });
    } else {
      const violations = [{ field: "spec.pull_policy" }];
      await expect(runtime.check(spec, {})).rejects.toMatchObject({ kind: "invalid", details: { violations } });
    }
  });

  test(declared("a spec without a command runs its image's", "a spec without a command is refused"), async () => {
    const { command: _none, ...spec } = instances.spec("echo.mjs");
    if (runtime.capabilities.images) {
      const { sink, attachment } = await instances.start(spec);
      attachment.write(Buffer.from("as its entrypoint says"));
      await sink.until(({ out }) => out === "as its entrypoint says");
    } else {
      const violations = [{ field: "spec.command" }];
      await expect(runtime.check(spec, {})).rejects.toMatchObject({ kind: "invalid", details: { violations } });
    }
  });
}
