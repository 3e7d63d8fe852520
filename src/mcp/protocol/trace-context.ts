/** The trace that a request is a part of (W3C Trace Context, W3C Baggage), each as its header has it. */
export interface TraceContext {
  readonly traceparent?: string | undefined;
  /** Belongs to the traceparent; never without one. */
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

/** Where a request's headers are looked up; the values of a header that came twice are joined by commas. */
interface HeaderValues {
  get(name: string): string | null;
}

/** What W3C Baggage asks everybody to pass on at least, in bytes and members; tracestate has 32 members of its own. */
const maxChars = 8192;
const maxBaggageMembers = 64;
const maxStateMembers = 32;

/** The trace that the headers of a request tell. What does not follow the specifications is left out. */
export function readTraceContext(headers: HeaderValues): TraceContext {
  const traceparent = known(headers.get("traceparent"), isTraceparent);
  // Without its parent nobody may read it (W3C Trace Context, 4.3).
  const tracestate = traceparent === undefined ? undefined : known(headers.get("tracestate"), isTracestate);
  return { traceparent, tracestate, baggage: known(headers.get("baggage"), isBaggage) };
}

function known(value: string | null, isValid: (value: string) => boolean): string | undefined {
  return value !== null && value !== "" && value.length <= maxChars && isValid(value) ? value : undefined;
}

/** W3C Trace Context, 3.2: versions after 00 may go on after a dash; ff, and ids of zeros, are invalid. */
function isTraceparent(value: string): boolean {
  const [, version, trace = "", parent = "", more] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[\x21-\x7e]*)?$/.exec(value) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return false;
  return !/^0+$/.test(trace) && !/^0+$/.test(parent);
}

const stateMember = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** W3C Trace Context, 3.3: members may be empty, and a key comes once. */
function isTracestate(value: string): boolean {
  const members = listMembers(value).filter((member) => member !== "");
  const keys = new Set(members.map((member) => member.split("=", 1)[0]));
  return (
    members.length > 0 &&
    members.length <= maxStateMembers &&
    keys.size === members.length &&
    members.every((member) => stateMember.test(member))
  );
}

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const octets = "[\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]*";
const space = "[ \\t]*";
const pair = `${token}${space}=${space}${octets}`;
const baggageMember = new RegExp(`^${pair}(?:${space};${space}(?:${pair}|${token}))*$`);

/** W3C Baggage, 3.2: `key=value;property;key=value`, and commas between them. */
function isBaggage(value: string): boolean {
  const members = listMembers(value);
  return members.length <= maxBaggageMembers && members.every((member) => baggageMember.test(member));
}

function listMembers(value: string): string[] {
  return value.split(",").map((member) => member.replaceAll(/^[ \t]+|[ \t]+$/g, ""));
}
