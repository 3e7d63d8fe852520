/** The form for CI: fewer rounds, and only what a goal is about. */
export const short = process.env.SHORT === "1";
