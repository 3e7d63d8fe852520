import { describe, expect, it } from "vitest";
import { ready } from "../../offering-session.ts";

const nothing = { name: "", title: "", description: "", mimeType: "", annotationsJson: "", extraJson: "" };

describe("A server's resources", () => {
  it("are listed with the server's own text where it matters, without those that have no URI", async () => {
    await using child = await ready("legacy");
    expect(await child.session.resources.listing.get({})).toEqual([
      {
        uri: "mem://note",
        name: "note",
        title: "A note",
        description: "Text.",
        mimeType: "text/plain",
        sizeBytes: 5,
        annotationsJson: '{"priority":1e400}',
        extraJson: '{"icons":[{"src":"data:,"}]}',
      },
      { ...nothing, uri: "mem://bare" },
      { ...nothing, uri: "mem://odd", extraJson: '{"name":7,"size":-1}' },
    ]);
  });

  it("are listed as templates, without those that have none", async () => {
    await using child = await ready("legacy");
    expect(await child.session.resources.templates.get({})).toEqual([
      {
        ...nothing,
        uriTemplate: "mem://grown/{index}",
        name: "grown",
        mimeType: "text/plain",
        extraJson: '{"_meta":{"n":9007199254740993}}',
      },
    ]);
  });
});

describe("A server's prompts", () => {
  it("are listed with their arguments, without those that have no name", async () => {
    await using child = await ready("legacy");
    const bare = { title: "", description: "", arguments: [], extraJson: "" };
    expect(await child.session.prompts.listing.get({})).toEqual([
      {
        name: "greet",
        title: "Greet",
        description: "",
        arguments: [
          { name: "name", title: "", description: "", required: true, extraJson: '{"hint":1}' },
          { name: "mood", title: "", description: "How.", required: false, extraJson: "" },
        ],
        extraJson: '{"_meta":{}}',
      },
      { ...bare, name: "plain" },
      { ...bare, name: "odd", extraJson: '{"arguments":[{"title":"nameless"}]}' },
    ]);
  });
});
