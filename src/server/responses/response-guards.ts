/** What every answer tells a browser: it is nothing but what its content type says, and no page of another site may embed it. */
export const responseGuards = {
  "x-content-type-options": "nosniff",
  // For pages of allowed origins, too: what they ask for by CORS is not subject to it.
  "cross-origin-resource-policy": "same-origin",
} as const;
