/**
 * Longest names that the manager passes on, in either direction: what is listed can be asked for. MCP recommends at
 * most 128 characters (revision 2025-11-25, server/tools).
 */
export const maxNameChars = 8192;
export const maxUriChars = 8192;
