import type { FuzzTarget } from "./fuzz-target.ts";
import { callerText } from "./targets/caller-text.ts";
import { demuxFrames } from "./targets/demux-frames.ts";
import { foundContainer } from "./targets/found-container.ts";
import { imageMetadata } from "./targets/image-metadata.ts";
import { jsonScans } from "./targets/json-scans.ts";
import { nearReplies } from "./targets/near-replies.ts";
import { serverBytes } from "./targets/server-bytes.ts";
import { serversFile } from "./targets/servers-file.ts";
import { typedResult } from "./targets/typed-result.ts";

export const targets: readonly FuzzTarget[] = [
  callerText,
  serverBytes,
  nearReplies,
  demuxFrames,
  jsonScans,
  typedResult,
  imageMetadata,
  foundContainer,
  serversFile,
];
