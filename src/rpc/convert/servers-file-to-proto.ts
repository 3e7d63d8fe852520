import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type GetInfoResponseSchema,
  ServersFileState as ServersFileStateMessage,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { truncateUtf8 } from "../../base/text/truncate.ts";
import type { ServersFileState } from "../../fleet/desired/file-state.ts";
import { toTimestamp } from "./values/time.ts";

const maxProblems = 20;
const maxProblemBytes = 1024;
const fileStates = {
  applying: ServersFileStateMessage.APPLYING,
  applied: ServersFileStateMessage.APPLIED,
  incomplete: ServersFileStateMessage.INCOMPLETE,
  failed: ServersFileStateMessage.FAILED,
} satisfies Record<ServersFileState["kind"], ServersFileStateMessage>;

export type ServersFileInit = Pick<MessageInitShape<typeof GetInfoResponseSchema>, "serversFile">;

/** The field of GetInfo; none where no file is declared. */
export function serversFileToProto(file: ServersFileState | undefined): ServersFileInit {
  if (file === undefined) return {};
  const shorten = (text: string) => truncateUtf8(text.toWellFormed(), { maxBytes: maxProblemBytes, keep: "start" });
  const problems = file.problems.slice(0, maxProblems).map(shorten);
  const time = toTimestamp(file.timeMs);
  return { serversFile: { paths: [...file.paths], state: fileStates[file.kind], time, problems } };
}
