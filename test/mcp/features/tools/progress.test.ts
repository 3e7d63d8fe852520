import { describe, expect, it } from "vitest";
import { readProgress } from "../../../../src/mcp/features/tools/progress.ts";

const step = (rest: string) => readProgress(`{"progressToken":5,${rest}}`)?.progress;
const nothing = { message: "", extraJson: "", truncated: false };

describe("readProgress", () => {
  it("reads a step, and whose it is", () => {
    const params = '{"progressToken":5,"progress":0.5,"total":2,"message":"grüße 🌍"}';
    expect(readProgress(params)).toEqual({
      token: 5,
      progress: { ...nothing, progress: 0.5, total: 2, message: "grüße 🌍" },
    });
  });

  it.each(["5", '"5"', "5.0", "5e0"])(
    "knows whose step it is by the token %s, as replies are known by their ids",
    (token) => {
      expect(readProgress(`{"progressToken":${token},"progress":1}`)).toMatchObject({ token: 5 });
    },
  );

  it.each(["null", '"x"', '"05"', "5.5", "true", "[5]", "12345678901234567"])(
    "knows of no request whose token is %s",
    (token) => {
      expect(readProgress(`{"progressToken":${token},"progress":1}`)).toBeUndefined();
    },
  );

  it.each(["{}", "[]", "7", '{"progress":1}'])("knows of no request in %s", (params) => {
    expect(readProgress(params)).toBeUndefined();
  });

  it("keeps what has no place, and values that no double is", () => {
    expect(step('"progress":9007199254740993,"total":1e400,"_meta":{"a":1}')).toEqual({
      ...nothing,
      progress: 9007199254740992,
      extraJson: '{"progress":9007199254740993,"total":1e400,"_meta":{"a":1}}',
    });
    expect(step('"progress":"half","total":null,"message":["a"]')).toEqual({
      ...nothing,
      progress: 0,
      extraJson: '{"progress":"half","total":null,"message":["a"]}',
    });
    expect(step('"progress":1.0,"message":"\\ud800"')).toEqual({
      ...nothing,
      progress: 1,
      extraJson: '{"message":"\\ud800"}',
    });
    expect(step('"message":"m"')).toEqual({ ...nothing, progress: 0, message: "m" });
  });

  it("cuts a long message between characters, and drops a large rest, and says so", () => {
    const long = step(`"progress":1,"message":"${"🌍".repeat(3000)}"`);
    expect(long?.truncated).toBe(true);
    expect(long?.message).toMatch(/^(?:🌍){2047}…$/u);
    expect(step(`"progress":1,"x":"${"x".repeat(5000)}"`)).toEqual({ ...nothing, progress: 1, truncated: true });
    expect(step(`"progress":1,"message":"${"x".repeat(8192)}"`)).toMatchObject({ truncated: false });
  });
});
