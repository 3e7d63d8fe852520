import { stripVTControlCharacters } from "node:util";
import type { Question } from "../../mcp/conversation/era-plan.ts";
import type { InstanceExit } from "../../runtime/runtime.ts";
import type { Run } from "./run.ts";

/** It could not be run, or was told to end: SIGKILL, SIGTERM. */
const othersDoing: ReadonlySet<number | undefined> = new Set([126, 127, 128 + 9, 128 + 15]);

/** What a program says that did not like what it was asked. */
const ofQuestion = anyOf(
  "expect\\w*\\s*initiali[sz]",
  "initiali[sz]ed? ?(?:request|notification|message)",
  "server/discover",
  "json-?rpc",
  "mcp handshake",
  "protocol (?:error|violation)",
  "(?:unexpected|unknown|unsupported) (?:message|request|method|variant)",
  "deserializ",
);

/** What a program says that has a reason of its own. */
const ofItsOwn = anyOf(
  "usage:",
  "\\b(?:\\w*errors?|\\w*exception|traceback|panic\\w*|fatal|fail(?:ed|ure|s)?)\\b",
  "\\b(?:must|missing|requires?d?|invalid|please|cannot|can't|could not|couldn't|unable)\\b",
  "\\b(?:denied|refused|unauthori[sz]ed)\\b",
  "\\bnot (?:set|found|provided)\\b",
  "\\bno (?:such|valid|licen[cs]e|token|api|key|config|database|url)\\b",
);

/**
 * Whether a run ended because of a question of the handshake, as far as can be told: the server never replied to it,
 * ended by itself, and what it said last is no reason of its own (a wrong setting, a missing token). One that says
 * nothing may have.
 */
export function diedOf(question: Question, run: Dying): boolean {
  const { end, session } = run;
  if (end?.kind !== "exited" || !session.leftUnanswered(question) || !endedItself(end.exit)) return false;
  const said = stripVTControlCharacters(Object.values(run.output()).join("\n"));
  return ofQuestion.test(said) || !ofItsOwn.test(said);
}

type Dying = Pick<Run, "end" | "output"> & { readonly session: Pick<Run["session"], "leftUnanswered"> };

function endedItself({ exitCode, oomKilled }: InstanceExit): boolean {
  return !oomKilled && !othersDoing.has(exitCode);
}

function anyOf(...patterns: readonly string[]): RegExp {
  return new RegExp(patterns.join("|"), "i");
}
