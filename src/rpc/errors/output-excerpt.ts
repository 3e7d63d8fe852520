import type { OutputExcerpt } from "../../base/errors/errors.ts";
import { truncateUtf8 } from "../../base/text/truncate.ts";

/** Servers say on stderr why they fail, and of each stream at the end; usage texts and stacks begin with it. */
const bounds = {
  stderrHead: { maxBytes: 1024, keep: "start" },
  stderrTail: { maxBytes: 2048, keep: "end" },
  stdoutHead: { maxBytes: 512, keep: "start" },
  stdoutTail: { maxBytes: 1024, keep: "end" },
} as const satisfies Record<keyof OutputExcerpt, object>;

/** What a server wrote, each part within its bound, or with this share of it. Empty: there is none. */
export function boundedOutput(output: OutputExcerpt, share = 1): Required<OutputExcerpt> {
  const cut = (part: keyof OutputExcerpt) => {
    const { maxBytes, keep } = bounds[part];
    return truncateUtf8(output[part] ?? "", { maxBytes: Math.floor(maxBytes * share), keep });
  };
  return {
    stderrHead: cut("stderrHead"),
    stderrTail: cut("stderrTail"),
    stdoutHead: cut("stdoutHead"),
    stdoutTail: cut("stdoutTail"),
  };
}
