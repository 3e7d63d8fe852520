import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { expect, type Manager } from "./check.ts";

interface Message {
  id?: number;
  method?: string;
  params?: { arguments?: { mark?: string }; requestId?: number; level?: string };
}

/** Every message that reached the test server `hostile`. */
export async function received(manager: Manager): Promise<Message[]> {
  const { structured } = await manager.callTool({ server: "hostile", tool: "received" });
  expect(structured.case === "structuredContent", `${structured.case}`);
  return (toJson(ValueSchema, structured.value) as unknown as { messages: Message[] }).messages;
}

/** What became of the last call with this mark among its arguments. */
export async function fateOf(manager: Manager, mark: string): Promise<"unknown" | "running" | "cancelled"> {
  const messages = await received(manager);
  const call = messages.findLast(({ params }) => params?.arguments?.mark === mark);
  if (call === undefined) return "unknown";
  const isCancel = ({ method, params }: Message) =>
    method === "notifications/cancelled" && params?.requestId === call.id;
  return messages.some(isCancel) ? "cancelled" : "running";
}

export async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUp = Date.now() + 10_000;
  while (!(await holds())) expect(Date.now() < giveUp, "the server was not told within 10 s");
}
