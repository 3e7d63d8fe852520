import { describe, expect, it } from "vitest";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { hostile, modern, openChildSession } from "../child-server.ts";
import { call, receivedBy } from "../hostile-session.ts";

const legacyHint = { era: "legacy", answersProbe: true } as const;
const silentHint = { era: "legacy", answersProbe: false } as const;
const modernHint = { era: "modern", answersProbe: true } as const;

/** What came in, in the order of its coming. */
async function methodsAt(session: Parameters<typeof receivedBy>[0]): Promise<(string | undefined)[]> {
  return (await receivedBy(session)).map(({ method }) => method);
}

describe("Session.handshake, when the era is not known", () => {
  it("asks in the modern way first, and speaks so with a server that replies", async () => {
    await using child = openChildSession(modern());
    const { codec, info } = await child.session.handshake({});
    expect(codec.era).toBe("modern");
    expect(info).toEqual({
      era: "modern",
      protocolVersion: "2026-07-28",
      serverName: "modern",
      serverVersion: "2.0.0",
      instructions: "speak up",
      capabilitiesJson: '{"tools":{"listChanged":true},"logging":{}}',
    });
    expect(await methodsAt(child.session)).toEqual(["server/discover", "subscriptions/listen", "tools/call"]);
    const [discover] = await receivedBy(child.session);
    expect(discover?.params?._meta).toEqual({
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "0" },
      "io.modelcontextprotocol/clientCapabilities": {},
    });
  });

  it("falls back to initialize on any error", async () => {
    await using child = openChildSession(hostile());
    const { codec, info } = await child.session.handshake({});
    expect(codec.era).toBe("legacy");
    expect(info).toMatchObject({ era: "legacy", protocolVersion: "2025-11-25", serverName: "hostile" });
    expect(await methodsAt(child.session)).toEqual([
      "server/discover",
      "initialize",
      "notifications/initialized",
      "tools/call",
    ]);
  });

  it("falls back to initialize with a server that ignores what it does not know", async () => {
    await using child = openChildSession(hostile("--silent-on-probe"));
    const { codec, probe } = await child.session.handshake({ probeMs: 1 });
    expect({ era: codec.era, probe }).toEqual({ era: "legacy", probe: "silent" });
    expect((await methodsAt(child.session)).slice(0, 3)).toEqual(["server/discover", "server/discover", "initialize"]);
  });

  it("speaks in the modern way with a server that was slow to start and refuses the initialize", async () => {
    await using child = openChildSession(modern("--boot-ms", "200"));
    const { codec } = await child.session.handshake({ probeMs: 1 });
    expect(codec.era).toBe("modern");
    expect((await methodsAt(child.session)).slice(0, 3)).toEqual(["server/discover", "server/discover", "initialize"]);
  });

  it("speaks in the legacy way with one that was slow to start and took both questions", async () => {
    await using child = openChildSession(modern("--boot-ms", "200", "--takes-initialize"));
    const { codec, info, probe } = await child.session.handshake({ probeMs: 150 });
    expect({ era: codec.era, name: info?.serverName, probe }).toEqual({ era: "legacy", name: "both", probe: "modern" });
  });

  it("tells of a reply to the probe that comes after the server took initialize", async () => {
    await using child = openChildSession(modern("--slow-probe-ms", "300", "--takes-initialize"));
    const { promise: late, resolve: onLateModern } = Promise.withResolvers<void>();
    const { codec, probe } = await child.session.handshake({ probeMs: 100, onLateModern });
    expect({ era: codec.era, probe }).toEqual({ era: "legacy", probe: "silent" });
    await late;
  });

  it("does not wait for the rest of the handshake's time when a silent server refuses initialize", async () => {
    await using child = openChildSession(hostile("--silent-on-probe", "--refuse-initialize"));
    await expect(child.session.handshake({ probeMs: 1 })).rejects.toMatchObject({
      message: "the server answered initialize with error -32000: not you",
    });
  });

  it.each([
    ["--versions", '["2031-01-01"]'],
    ["--versions", '["2031-01-01"]', "--refuse-version"],
  ])("names the revisions of a server that speaks none of ours: %j %j %j", async (...args) => {
    await using child = openChildSession(modern(...args));
    await expect(child.session.handshake({})).rejects.toMatchObject({
      kind: "protocol",
      message: expect.stringMatching(/2031-01-01|Unsupported protocol version/),
      details: { reason: "UNSUPPORTED_PROTOCOL_VERSION", delivery: "answered" },
    });
  });

  it.each([
    ["--versions", '"2026-07-28"'],
    ["--versions", "null"],
  ])("takes a reply that is no discovery for a refusal: %j %j", async (...args) => {
    await using child = openChildSession(modern(...args, "--takes-initialize"));
    expect((await child.session.handshake({})).codec.era).toBe("legacy");
  });

  it("says that the question went unanswered when the server exits on it", async () => {
    await using child = openChildSession(hostile("--exit-on-probe"));
    const shaking = child.session.handshake({});
    await child.heard.ended;
    child.session.end({ reason: "SERVER_EXITED", message: "it exited" });
    await expect(shaking).rejects.toMatchObject({ details: { reason: "SERVER_EXITED" } });
    expect(child.session.leftUnanswered("probe")).toBe(true);
  });

  it("says that it was answered when the server exits later", async () => {
    await using child = openChildSession(hostile("--exit-on-initialize"));
    const shaking = child.session.handshake({});
    await child.heard.ended;
    child.session.end({ reason: "SERVER_EXITED", message: "it exited" });
    await expect(shaking).rejects.toMatchObject({ details: { reason: "SERVER_EXITED" } });
    expect(child.session.leftUnanswered("probe")).toBe(false);
  });

  it("ends with the reason of its signal, and asks nothing more then", async () => {
    await using child = openChildSession(hostile("--silent"));
    const reason = new ManagerError("not_running", "too slow", {
      details: { reason: "HANDSHAKE_TIMEOUT", delivery: "not_sent" },
    });
    const shaking = child.session.handshake({ signal: AbortSignal.abort(reason) });
    await expect(shaking).rejects.toMatchObject({ message: "too slow", details: { reason: "HANDSHAKE_TIMEOUT" } });
  });
});

describe("Session.handshake, when the same program was of the legacy era before", () => {
  it("does not ask for it", async () => {
    await using child = openChildSession(hostile("--exit-on-probe"));
    expect((await child.session.handshake({ likely: legacyHint })).codec.era).toBe("legacy");
    expect(child.session.leftUnanswered("probe")).toBe(false);
  });

  it("asks after all when the server refuses to be", async () => {
    await using child = openChildSession(modern());
    expect((await child.session.handshake({ likely: legacyHint })).codec.era).toBe("modern");
    expect((await methodsAt(child.session)).slice(0, 2)).toEqual(["initialize", "server/discover"]);
  });
});

describe("Session.handshake, with a server whose entrypoint eats the first line", () => {
  it.each([
    ["of the legacy era", hostile("--eat-lines", "1"), legacyHint, "legacy"],
    ["of the legacy era and ignores the probe", hostile("--eat-lines", "1", "--silent-on-probe"), silentHint, "legacy"],
    ["of the modern era", modern("--eat-lines", "1"), modernHint, "modern"],
  ] as const)("and is %s ends as well whether that is known or not", async (_what, command, known, era) => {
    for (const likely of [undefined, known]) {
      await using child = openChildSession(command);
      expect((await child.session.handshake({ probeMs: 200, likely })).codec.era).toBe(era);
    }
  });

  it("and speaks both eras says in each case that it speaks the modern one", async () => {
    for (const likely of [undefined, legacyHint, silentHint, modernHint]) {
      await using child = openChildSession(modern("--eat-lines", "1", "--takes-initialize"));
      expect((await child.session.handshake({ probeMs: 200, likely })).probe).toBe("modern");
    }
  });

  it("and eats the second question, too, is asked a third time", async () => {
    await using child = openChildSession(hostile("--eat-lines", "3"));
    expect((await child.session.handshake({ probeMs: 200 })).codec.era).toBe("legacy");
  });

  it("is not asked to initialize again when it must not be", async () => {
    await using child = openChildSession(
      hostile("--silent-on-probe", "--exit-on-second-initialize", "--handshake-ms", "900"),
    );
    expect((await child.session.handshake({ probeMs: 100, likely: silentHint, repeats: false })).codec.era).toBe(
      "legacy",
    );
  });
});

describe("Session.handshake, when the same program was of the modern era before", () => {
  it("does not take a slow moment for a change of era", async () => {
    await using child = openChildSession(modern("--boot-ms", "400", "--takes-initialize"));
    const { codec } = await child.session.handshake({ probeMs: 300, likely: modernHint });
    expect(codec.era).toBe("modern");
    expect(await methodsAt(child.session)).not.toContain("initialize");
  });

  it("asks in the other way, too, before half of the handshake's time is over", async () => {
    await using child = openChildSession(hostile("--silent-on-probe"));
    const { codec } = await child.session.handshake({ probeMs: 60_000, timeoutMs: 200, likely: modernHint });
    expect(codec.era).toBe("legacy");
  });
});

describe("Session.handshake, with a process that is known to be in conversation", () => {
  it("pings it, asks it for nothing else, and goes on with what it said before", async () => {
    await using child = openChildSession(hostile("--exit-on-second-initialize"));
    const { info } = await child.session.handshake({ era: "legacy" });
    const opened = await child.session.handshake({ resuming: true, greeted: { info } });
    expect(opened).toMatchObject({ codec: { era: "legacy" }, info: { serverName: "hostile" } });
    const methods = await methodsAt(child.session);
    expect(methods.filter((method) => method === "initialize")).toHaveLength(1);
    expect(methods).not.toContain("server/discover");
    expect(methods).toContain("ping");
  });
});

describe("Session.handshake, when the era is known", () => {
  it("does not ask a server of the legacy era for it, which may exit on that", async () => {
    await using child = openChildSession(hostile("--exit-on-probe"));
    expect((await child.session.handshake({ era: "legacy" })).codec.era).toBe("legacy");
    expect(child.session.leftUnanswered("probe")).toBe(false);
  });

  it("does not fall back from the modern one", async () => {
    await using child = openChildSession(hostile());
    await expect(child.session.handshake({ era: "modern" })).rejects.toMatchObject({
      kind: "unsupported",
      message: "the server answered server/discover with error -32601: Method not found",
    });
  });
});

describe("Session.handshake, with a process that another manager was in conversation with", () => {
  it.each(["legacy", undefined] as const)(
    "takes an answered ping for it when initialize is refused (%s)",
    async (era) => {
      await using child = openChildSession(hostile("--initialize-once"));
      await child.session.handshake({ era: "legacy" });
      expect(await child.session.handshake({ era, resuming: true })).toMatchObject({
        codec: { era: "legacy" },
        info: undefined,
      });
      expect(await call(child.session, "echo", { text: "still here" })).toMatchObject({ isError: false });
    },
  );

  it("initializes again where the server takes that", async () => {
    await using child = openChildSession(hostile());
    await child.session.handshake({});
    const { info } = await child.session.handshake({ resuming: true });
    expect(info).toMatchObject({ serverName: "hostile" });
  });

  it("does not take a ping for a handshake with a new process", async () => {
    await using child = openChildSession(hostile("--refuse-initialize"));
    await expect(child.session.handshake({})).rejects.toMatchObject({ details: { reason: "SERVER_ERROR" } });
  });
});
