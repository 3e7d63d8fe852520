import { expect, it } from "vitest";
import { membersRead } from "./members-read.ts";

it("membersRead finds what is read, and not what only has the name", () => {
  const text = "interface A { readonly one: number } const b = { two: 3 }; f(c.three, ({ four }) => four); // c.five";
  expect([...membersRead("a.ts", text)]).toEqual(["three", "four"]);
});
