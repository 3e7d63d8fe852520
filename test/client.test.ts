import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import * as client from "../src/client.ts";

it("The package's entry gives all that the protos define", async () => {
  const folder = new URL("../gen/mcpmanager/v1/", import.meta.url);
  const files = await readdir(folder);
  expect(files).toContain("manager_pb.ts");
  for (const file of files) {
    expect(client, file).toMatchObject(await import(new URL(file, folder).href));
  }
});
