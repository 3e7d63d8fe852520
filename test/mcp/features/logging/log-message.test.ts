import { describe, expect, it } from "vitest";
import { logMessageOf } from "../../../../src/mcp/features/logging/log-message.ts";

describe("logMessageOf", () => {
  it("keeps all that a log notification says", () => {
    expect(logMessageOf('{"level":"error","logger":"db","data":"slow","_meta":{"n":1.0},"x":null}')).toEqual({
      level: "error",
      text: "slow",
      isJson: false,
      logger: "db",
      extraJson: '{"_meta":{"n":1.0},"x":null}',
    });
  });

  it("tells a text from its JSON", () => {
    expect(logMessageOf('{"level":"info","data":"{}"}')).toMatchObject({ text: "{}", isJson: false });
    expect(logMessageOf('{"level":"info","data":{}}')).toMatchObject({ text: "{}", isJson: true });
    expect(logMessageOf('{"level":"info","data":null}')).toMatchObject({ text: "null", isJson: true });
    expect(logMessageOf('{"level":"info"}')).toMatchObject({ text: "", isJson: false, extraJson: "" });
  });

  it("keeps what a place can't hold", () => {
    expect(logMessageOf('{"level":7,"logger":["a"],"data":"\\ud800"}')).toEqual({
      level: "info",
      text: "\ufffd",
      isJson: false,
      logger: "",
      extraJson: '{"level":7,"logger":["a"],"data":"\\ud800"}',
    });
    expect(logMessageOf("7")).toMatchObject({ level: "info", text: "7", isJson: true });
  });
});
