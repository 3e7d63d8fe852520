import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Page, pageByKey, pageByPosition } from "../../../src/operations/requests/page.ts";

const key = (item: string) => item;
const byKey = (items: readonly string[], pageSize: number, pageToken = "") =>
  pageByKey(items, { pageSize, pageToken, defaultSize: 2, key });

/** All items of all pages. */
function walk(page: (pageToken: string) => Page<string>): string[] {
  const items: string[] = [];
  let token = "";
  for (let count = 0; count < 1000; count += 1) {
    const { items: more, nextPageToken } = page(token);
    items.push(...more);
    if (nextPageToken === "") return items;
    token = nextPageToken;
  }
  throw new Error("the list does not end");
}

const badToken = expect.objectContaining({
  kind: "invalid",
  details: expect.objectContaining({
    violations: [{ field: "page_token", description: "must be a next_page_token of the same list" }],
  }),
});

describe("pageByKey", () => {
  it("gives every item once, by key, whatever the page size is", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 5 }), (items, size) => {
        const sorted = [...items].sort((a, b) => (a < b ? -1 : 1));
        expect(walk((token) => byKey(items, size, token))).toEqual(sorted);
      }),
    );
  });

  it("has no next page when the last one is full", () => {
    expect(byKey(["a", "b"], 2)).toEqual({ items: ["a", "b"], nextPageToken: "" });
    expect(byKey([], 2)).toEqual({ items: [], nextPageToken: "" });
  });

  it("takes the default for a page size of 0", () => {
    expect(byKey(["a", "b", "c"], 0).items).toEqual(["a", "b"]);
  });

  it("neither repeats nor hides items when others come and go between two pages", () => {
    const { nextPageToken } = byKey(["a", "b", "c", "d"], 2);
    expect(byKey(["0", "c", "bb", "d"], 2, nextPageToken).items).toEqual(["bb", "c"]);
  });

  it.each(["x", "k", "!", Buffer.from("other").toString("base64url"), `${Buffer.from("ka").toString("base64url")}=`])(
    "refuses the token %j",
    (token) => {
      expect(() => byKey(["a"], 1, token)).toThrow(badToken);
    },
  );
});

describe("pageByPosition", () => {
  it("gives every item once, in the given order", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 0, max: 5 }), (items, pageSize) => {
        expect(walk((pageToken) => pageByPosition(items, { pageSize, pageToken, defaultSize: 3 }))).toEqual(items);
      }),
    );
  });

  it("is empty beyond the end", () => {
    const { nextPageToken } = pageByPosition(["a", "b"], { pageSize: 1, pageToken: "", defaultSize: 1 });
    expect(pageByPosition([], { pageSize: 1, pageToken: nextPageToken, defaultSize: 1 })).toEqual({
      items: [],
      nextPageToken: "",
    });
  });

  it.each(["x", "k-1", "k1.5", "kserver", "k", "k1234567890"])("refuses the token of %j", (text) => {
    const pageToken = Buffer.from(text).toString("base64url");
    expect(() => pageByPosition(["a"], { pageSize: 1, pageToken, defaultSize: 1 })).toThrow(badToken);
  });
});
