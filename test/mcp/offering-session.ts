import { type ChildSession, hostile, modern, openChildSession } from "./child-server.ts";

export const eras = ["legacy", "modern"] as const;

/** The command of a server of the era that has resources, prompts and completions. */
export const offering = { legacy: hostile("--offers"), modern: modern("--offers") };

/** A session with it, after its handshake. */
export async function ready(era: (typeof eras)[number]): Promise<ChildSession> {
  const child = openChildSession(offering[era]);
  await child.session.handshake({ era });
  return child;
}
