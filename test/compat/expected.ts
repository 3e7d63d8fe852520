import { expect } from "vitest";
import type { Outcome } from "../e2e/protocols/oracle/sdk-clients.ts";
import type { RightCall, WrongCall } from "./real-server.ts";

export function expectRight(ended: Outcome, { text, structured }: RightCall): void {
  expect(ended).toMatchObject({ result: structured === undefined ? {} : { structuredContent: structured } });
  const { isError = false } = (ended as { result: { isError?: boolean } }).result;
  expect(isError, textsOf(ended)).toBe(false);
  if (text !== undefined) expect(textsOf(ended)).toContain(text);
}

export function expectWrong(ended: Outcome, wrong: WrongCall): void {
  if ("toolError" in wrong) {
    expect(ended).toMatchObject({ result: { isError: true } });
    expect(textsOf(ended)).toContain(wrong.toolError);
  } else if ("plainText" in wrong) {
    expectRight(ended, { ...wrong, text: wrong.plainText });
  } else if ("reason" in wrong) {
    expect(ended).toEqual({ refused: wrong.reason });
  } else {
    const { code, message } = wrong;
    expect(ended).toMatchObject({ error: { code, message: expect.stringContaining(message) } });
  }
}

/** All texts of a result, a line each. */
function textsOf(ended: Outcome): string {
  const { content } = (ended as { result: { content: { text?: string }[] } }).result;
  return content.map(({ text = "" }) => text).join("\n");
}
