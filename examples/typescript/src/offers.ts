import { LogLevel } from "../gen/mcpmanager/v1/manager_pb.ts";
import { type Checks, expect } from "./check.ts";
import { received } from "./received.ts";

/** What a server offers besides tools. */
export const offers: Checks = {
  ListResources: async (manager) => {
    const { resources } = await manager.listResources({ server: "everything" });
    expect(resources.length > 0, "none");
    return `${resources.length} resources, the first ${resources[0]?.name}`;
  },

  ListResourceTemplates: async (manager) => {
    const { resourceTemplates } = await manager.listResourceTemplates({ server: "everything" });
    const templates = resourceTemplates.map(({ uriTemplate }) => uriTemplate);
    expect(templates.includes("demo://resource/dynamic/blob/{resourceId}"), templates.join());
    return `${templates.length} templates`;
  },

  ReadResource: async (manager) => {
    const uri = "demo://resource/dynamic/blob/1";
    const { contents } = await manager.readResource({ server: "everything", uri });
    const first = contents[0]?.contents;
    expect(first?.case === "blob", `${first?.case}`);
    return new TextDecoder().decode(first.value);
  },

  SubscribeResource: async (manager) => {
    const leave = new AbortController();
    const uri = "mem://note";
    try {
      for await (const { event } of manager.subscribeResource({ server: "hostile", uri }, { signal: leave.signal })) {
        if (event.case === "updated") return `${event.value.uri} changed`;
        if (event.case === "subscribed") {
          const input = { case: "arguments", value: { uri } } as const;
          await manager.callTool({ server: "hostile", tool: "touch", input });
        }
      }
    } finally {
      leave.abort();
    }
    throw new Error("the stream ended");
  },

  ListPrompts: async (manager) => {
    const { prompts } = await manager.listPrompts({ server: "everything" });
    const city = prompts.find(({ name }) => name === "args-prompt")?.arguments[0];
    expect(city?.name === "city" && city.required, `${city?.name}`);
    return `${prompts.length} prompts`;
  },

  GetPrompt: async (manager) => {
    const asked = { server: "everything", prompt: "args-prompt", arguments: { city: "Paris" } };
    const { messages } = await manager.getPrompt(asked);
    const kind = messages[0]?.content?.kind;
    expect(kind?.case === "text" && kind.value.text.includes("Paris"), `${kind?.case}`);
    return `${messages[0]?.role}: ${kind.value.text}`;
  },

  Complete: async (manager) => {
    const { values } = await manager.complete({
      server: "everything",
      ref: { case: "prompt", value: "completable-prompt" },
      argumentName: "department",
      argumentValue: "E",
    });
    expect(values.join() === "Engineering", values.join());
    return `E becomes ${values}`;
  },

  SetLogLevel: async (manager) => {
    await manager.setLogLevel({ server: "hostile", level: LogLevel.WARNING });
    const request = (await received(manager)).findLast(({ method }) => method === "logging/setLevel");
    expect(request?.params?.level === "warning", `${request?.params?.level}`);
    return "the server was told: warning";
  },
};
