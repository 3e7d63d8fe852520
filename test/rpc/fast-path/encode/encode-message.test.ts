import { create, type DescFile, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import {
  file_google_protobuf_any,
  file_google_protobuf_descriptor,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { file_google_rpc_error_details } from "../../../../gen/google/rpc/error_details_pb.ts";
import { file_grpc_reflection_v1_reflection } from "../../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { file_health_v1_health } from "../../../../gen/health/v1/health_pb.ts";
import { file_mcpmanager_v1_manager } from "../../../../gen/mcpmanager/v1/manager_pb.ts";
import { file_mcpmanager_v1_prompt } from "../../../../gen/mcpmanager/v1/prompt_pb.ts";
import { file_mcpmanager_v1_resource } from "../../../../gen/mcpmanager/v1/resource_pb.ts";
import { file_mcpmanager_v1_server } from "../../../../gen/mcpmanager/v1/server_pb.ts";
import { ContentSchema, file_mcpmanager_v1_tool } from "../../../../gen/mcpmanager/v1/tool_pb.ts";
import { messageEncoder } from "../../../../src/rpc/fast-path/encode/encode-message.ts";
import { MessageBytes } from "../../../../src/rpc/fast-path/encode/message-bytes.ts";
import { anyMessage } from "./any-message.ts";
import { kindsOfFields } from "./kinds-of-fields.ts";

const kinds = kindsOfFields().map((desc) => [desc.typeName, desc] as const);

const served: readonly DescFile[] = [
  ...[file_mcpmanager_v1_manager, file_mcpmanager_v1_prompt, file_mcpmanager_v1_resource, file_mcpmanager_v1_server],
  ...[
    file_mcpmanager_v1_tool,
    file_google_rpc_error_details,
    file_grpc_reflection_v1_reflection,
    file_health_v1_health,
  ],
];
const known: readonly DescFile[] = [
  ...[file_google_protobuf_any, file_google_protobuf_struct, file_google_protobuf_timestamp],
  ...[file_google_protobuf_wrappers, file_google_protobuf_descriptor],
];

/** One for all, as it is used again in production. */
const bytes = new MessageBytes();

/** The bytes of a message, or why there are none. */
function outcomeOf(encode: () => Uint8Array): Buffer | string {
  try {
    return Buffer.from(encode());
  } catch (error) {
    return String(error);
  }
}

function expectSame(desc: DescMessage, message: Message) {
  const ours = outcomeOf(() => {
    bytes.clear();
    messageEncoder(desc)(bytes, message);
    return bytes.whole(0);
  });
  const theirs = outcomeOf(() => toBinary(desc, message));
  if (typeof ours === "string" || typeof theirs === "string") expect(ours).toBe(theirs);
  else expect(ours.equals(theirs)).toBe(true);
}

function* messagesOf(files: readonly DescFile[]): Generator<[string, DescMessage]> {
  for (const file of files)
    for (const type of nestedTypes(file)) if (type.kind === "message") yield [type.typeName, type];
}

describe("messageEncoder writes what the codec writes, or fails as it does", () => {
  it.each([...messagesOf([...served, ...known])])("of any %s", (_, desc) => {
    fc.assert(
      fc.property(anyMessage(desc), (message) => expectSame(desc, message)),
      { numRuns: 20 },
    );
  });

  it.each(kinds)("of any field, value and syntax: %s", (_, desc) => {
    fc.assert(
      fc.property(anyMessage(desc, 1), (message) => expectSame(desc, message)),
      { numRuns: 40 },
    );
  });

  it.each(kinds)("of values that no field has: %s", (_, desc) => {
    const value = fc.oneof(
      fc.anything(),
      fc.array(fc.anything()),
      fc.constantFrom(2 ** 31, -1, 1.5, 2n ** 64n, "7", Symbol.iterator),
    );
    fc.assert(
      fc.property(fc.constantFrom(...desc.members), value, (member, odd) => {
        const field = member.kind === "oneof" ? member.fields[0] : undefined;
        const set = field === undefined ? odd : { case: field.localName, value: odd };
        expectSame(desc, Object.assign(create(desc), { [member.localName]: set }));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(kinds)("of a message where there should be none, or one of another type: %s", (_, desc) => {
    for (const field of desc.fields) {
      const types = [ContentSchema, ...(field.message === undefined ? [] : [field.message])];
      for (const message of types.map((type) => create(type))) {
        const value = field.fieldKind === "list" ? [message] : field.fieldKind === "map" ? { 1: message } : message;
        const set =
          field.oneof === undefined
            ? { [field.localName]: value }
            : { [field.oneof.localName]: { case: field.localName, value } };
        expectSame(desc, Object.assign(create(desc), set));
      }
    }
    expectSame(desc, create(ContentSchema));
  });
});
