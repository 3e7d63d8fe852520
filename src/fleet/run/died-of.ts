import { stripVTControlCharacters } from "node:util";
import type { Question } from "../../mcp/conversation/era-plan.ts";
import type { InstanceExit } from "../../runtime/runtime.ts";
import type { Run } from "./run.ts";

/** It could not be run, or was told to end: SIGKILL, SIGTERM. */
const othersDoing: ReadonlySet<number | undefined> = new Set([126, 127, 128 + 9, 128 + 15]);

/** What a program says that did not like what it was asked. */
const ofQuestion =
  /expect\w*\s*initiali[sz]|initiali[sz]ed? ?(?:request|notification|message)|server\/discover|json-?rpc|mcp handshake|protocol (?:error|violation)|(?:unexpected|unknown|unsupported) (?:message|request|method|variant)|deserializ/i;

/** What a program says that has a reason of its own. */
const ofItsOwn =
  /\b(?:usage:|\w*errors?\b|fail(?:ed|ure|s)?\b|\w*exception\b|traceback\b|panick?\w*|fatal\b|must\b|missing\b|requires?d?\b|invalid\b|not (?:set|found|provided)\b|no (?:such|valid|licen[cs]e|token|api|key|config|database|url)\b|cannot\b|can't\b|could not\b|couldn't\b|unable\b|denied\b|refused\b|unauthori[sz]ed\b|please\b)/i;

/**
 * Whether a run ended because of a question of the handshake, as far as can be told: the server never replied to it, ended
 * by itself, and what it said last is no reason of its own (a wrong setting, a missing token). One that says nothing may have.
 */
export function diedOf(question: Question, run: Dying): boolean {
  const { end, session } = run;
  if (end?.kind !== "exited" || !session.leftUnanswered(question) || !endedItself(end.exit)) return false;
  const said = stripVTControlCharacters(run.stderrTail());
  return ofQuestion.test(said) || !ofItsOwn.test(said);
}

type Dying = Pick<Run, "end" | "stderrTail"> & { readonly session: Pick<Run["session"], "leftUnanswered"> };

function endedItself({ exitCode, oomKilled }: InstanceExit): boolean {
  return !oomKilled && !othersDoing.has(exitCode);
}
