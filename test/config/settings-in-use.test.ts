import { describe, expect, it } from "vitest";
import { readSources } from "../../scripts/rooms/sources.ts";
import { readConfig } from "../../src/config/config.ts";
import { membersRead } from "../sources/members-read.ts";

/** Read by the configuration's own check of where it listens. */
const ownUse = new Set(["insecureListen"]);
const sources = (await readSources()).filter(({ path }) => !path.startsWith("src/config/"));
const read = new Set(sources.flatMap(({ path, text }) => [...membersRead(path, text)]));

describe("The configuration", () => {
  it("has no setting that nobody outside src/config reads", () => {
    const settings = Object.entries(readConfig({ env: {}, args: [] })).flatMap(([owner, table]) =>
      Object.keys(table).map((key) => ({ owner, key })),
    );
    expect(settings.length).toBeGreaterThan(25);
    expect(settings.filter(({ key }) => !read.has(key) && !ownUse.has(key))).toEqual([]);
  });
});
