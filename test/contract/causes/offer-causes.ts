import { Code } from "@connectrpc/connect";
import type { Cause } from "./cause.ts";

/** Causes that lie in what a server has besides tools. */
export const offerCauses: readonly Cause[] = [
  {
    reason: "PROMPT_NOT_FOUND",
    how: "GetPrompt of a prompt that the server lacks",
    code: Code.NotFound,
    delivery: "answered",
    provoke: async (stage) => stage.ask("GetPrompt", { server: await stage.start(["--offers"]), prompt: "nope" }),
  },
  {
    reason: "RESOURCE_NOT_FOUND",
    how: "ReadResource of a resource that the server lacks",
    code: Code.NotFound,
    delivery: "answered",
    provoke: async (stage) => stage.ask("ReadResource", { server: await stage.start(["--offers"]), uri: "mem://gone" }),
  },
  {
    reason: "CAPABILITY_NOT_DECLARED",
    how: "SetLogLevel at a server of the modern era that declares no logging",
    code: Code.Unimplemented,
    delivery: "not_sent",
    provoke: async (stage) => {
      const server = await stage.start([], { args: ["modern.mjs", "--no-logging"] });
      return stage.ask("SetLogLevel", { server, level: "LOG_LEVEL_INFO" });
    },
  },
  {
    reason: "LISTING_TOO_LARGE",
    how: "ListTools of the page behind the last that the manager reads of a longer listing",
    code: Code.ResourceExhausted,
    delivery: "answered",
    provoke: async (stage) => {
      const server = await stage.start(["--pages", "300"]);
      const { tools, nextPageToken } = await stage.client.listTools({ server });
      if (tools.length === 0) throw new Error("the pages that fit are not given");
      return stage.ask("ListTools", { server, pageToken: nextPageToken });
    },
  },
  {
    reason: "SUBSCRIPTION_ENDED",
    how: "SubscribeResource, until the server ends the subscription",
    code: Code.Unavailable,
    delivery: "answered",
    provoke: async (stage) => {
      const server = await stage.start([], { args: ["modern.mjs", "--offers"] });
      let ended = false;
      const failure = stage.ask("SubscribeResource", { server, uri: "mem://a" }).finally(() => {
        ended = true;
      });
      // It ends the subscriptions that there are: at first perhaps none.
      while (!ended) await stage.client.callTool({ server, tool: "unfollow" });
      return failure;
    },
  },
];
