import { afterAll, expect, test } from "vitest";
import { TestFleet } from "../test-fleet.ts";

const fleet = new TestFleet();
afterAll(() => fleet[Symbol.asyncDispose]());

test("An attachment ends when the container is removed behind the runtime's back, and swallows later writes", async () => {
  const { record, sink, attachment } = await fleet.start(TestFleet.spec("echo.mjs"));
  await sink.until(({ err }) => err !== "");
  await fleet.docker.getContainer(record.id).remove({ force: true });
  await sink.ended;
  for (let count = 0; count < 10; count++) attachment.write(Buffer.alloc(100_000));
  attachment.close();
  expect(sink.ends).toBe(1);
});
