import { describe, expect, it } from "vitest";
import { partsOf, withoutComments } from "./code-and-comments.ts";

describe("partsOf", () => {
  it("tells comments from code, whatever strings and expressions look like", () => {
    const text = 'const url = "http://x"; // of `oneThing`\nconst slash = /["/*]/; /** `other` */\nconst last = 1;';
    expect(partsOf("a.ts", text)).toEqual({
      code: expect.stringMatching(/^const url = +;\s+const slash = +;\s+const last = 1;$/),
      comments: ["// of `oneThing`", "/** `other` */"],
    });
    expect(withoutComments("a.ts", text)).toContain('"http://x"');
  });

  it("keeps of strings only those that are a name", () => {
    const { code } = partsOf("a.ts", ["call('oneName', 'two names', `in $", "{inside} prose`);"].join(""));
    expect(code).toContain("oneName");
    expect(code).toContain("inside");
    expect(code).not.toMatch(/names|prose/);
  });

  it("makes one line of comments that follow one another", () => {
    expect(partsOf("a.ts", "/**\n * What `a\n * b` is.\n */\na();\n// One\n// two.").comments).toEqual([
      "/** What `a b` is. */",
      "// One two.",
    ]);
  });

  it("knows the comments of protos and of scripts", () => {
    expect(partsOf("a.proto", "// Of `a`,\n// twice.\nmessage A {} // end")).toEqual({
      code: expect.stringMatching(/^\s*message A \{\}\s*$/),
      comments: ["// Of `a`, twice.", "// end"],
    });
    expect(partsOf("scripts/x", '#!/bin/sh\n# Calls y\nset "$#" # then z').comments).toEqual([
      "#!/bin/sh Calls y",
      "# then z",
    ]);
  });
});
