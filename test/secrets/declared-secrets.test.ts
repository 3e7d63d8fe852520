import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import { silentLog } from "../../src/base/log/log.ts";
import type { SecretSource } from "../../src/base/spec/declaration.ts";
import { changedSecrets } from "../../src/base/spec/secret-values.ts";
import type { ServerSpec } from "../../src/base/spec/spec.ts";
import { DeclaredSecrets } from "../../src/secrets/declared-secrets.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "secrets-"));
});
afterEach(() => rm(folder, { recursive: true }));

const keyOf = (id: string) => ({ id, key: Buffer.alloc(32, id) });
const env = { PATH: process.env.PATH, TOKEN: "from-the-environment", EMPTY: "" };

function declare(secrets: Record<string, SecretSource>, { keys = [keyOf("k1")], more = {} } = {}) {
  return new DeclaredSecrets({
    secrets: new Map(Object.entries(secrets)),
    env: { ...env, ...more },
    keys,
    log: silentLog,
  });
}

/** What the variable V gets of a secret. */
async function givenBy(source: SecretSource, more: Record<string, string> = {}): Promise<string | undefined> {
  return (await declare({ s: source }, { more }).read(spec({ V: "s" }), {}))?.env().V;
}

async function problemOf(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof ManagerError)) throw new Error(`not refused: ${error}`);
  expect(error).toMatchObject({ kind: "not_running", details: { reason: "SECRET_UNRESOLVED", delivery: "not_sent" } });
  return error.message;
}

function spec(secrets: Record<string, string>, more: Partial<ServerSpec> = {}): ServerSpec {
  return { image: "i", secrets, ...more };
}

async function file(content: string | Buffer, name = "value"): Promise<SecretSource> {
  const path = join(folder, name);
  await writeFile(path, content);
  return { kind: "file", path };
}

const node = (code: string): SecretSource => ({ kind: "command", argv: [process.execPath, "-e", code] });

describe("A variable gets", () => {
  it("what a file holds, without one line break at its end", async () => {
    expect(await givenBy(await file("hunter2"))).toBe("hunter2");
    expect(await givenBy(await file("hunter2\n"))).toBe("hunter2");
    expect(await givenBy(await file("hunter2\r\n"))).toBe("hunter2");
    expect(await givenBy(await file(" two\nlines \n\n"))).toBe(" two\nlines \n");
  });

  it("what a variable of the manager holds, as it is", async () => {
    expect(await givenBy({ kind: "env", name: "TOKEN" })).toBe("from-the-environment");
  });

  it("what a command prints, run in the manager's environment, and without a shell", async () => {
    expect(await givenBy(node("console.log(process.env.TOKEN + '!')"))).toBe("from-the-environment!");
    expect(await givenBy({ kind: "command", argv: ["echo", "$TOKEN; `id`"] })).toBe("$TOKEN; `id`");
  });

  it("what systemd gives the manager as a credential", async () => {
    await file("hunter2\n", "cred");
    expect(await givenBy({ kind: "credential", name: "cred" }, { CREDENTIALS_DIRECTORY: folder })).toBe("hunter2");
  });

  it("what stands there when it is read, not what stood there before", async () => {
    const secrets = declare({ s: await file("old") });
    expect((await secrets.read(spec({ V: "s" }), {}))?.env()).toEqual({ V: "old" });
    await file("new");
    expect((await secrets.read(spec({ V: "s" }), {}))?.env()).toEqual({ V: "new" });
    secrets.declare(new Map([["s", { kind: "env", name: "TOKEN" }]]));
    expect((await secrets.read(spec({ V: "s" }), {}))?.env()).toEqual({ V: "from-the-environment" });
  });
});

describe("A file gets", () => {
  it("what a file holds, byte for byte", async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 10]);
    const secrets = declare({ s: await file(bytes) });
    const values = await secrets.read({ image: "i", secretFiles: { "/s/a": "s" } }, {});
    expect(values?.file("/s/a")).toEqual(bytes);
    expect(values?.env()).toEqual({});
  });
});

describe("A secret can't be read, and the error says what to do, when its", () => {
  it.each<[string, () => SecretSource | Promise<SecretSource>, RegExp]>([
    ["file is missing", () => ({ kind: "file", path: join(folder, "none") }), /its file does not exist: write the/],
    ["file lies below a file", async () => ({ kind: "file", path: `${(await fileAt()).path}/x` }), /does not exist/],
    ["file is a folder", () => ({ kind: "file", path: folder }), /its file is a folder: name a file in it/],
    ["file is a device", () => ({ kind: "file", path: "/dev/zero" }), /its file is no regular file/],
    ["file is empty", () => file(""), /is empty: an empty value is most likely a mistake/],
    ["file has a line break alone", () => file("\n"), /is empty/],
    ["file is too long", () => file("x".repeat(512_001)), /more than 512000 bytes/],
    ["file is too long for a variable", () => file("x".repeat(131_000)), /131000 bytes.*use secret_files/],
    ["file has a NUL", () => file("a\0b"), /NUL character.*use secret_files/],
    ["file is no text", () => file(Buffer.from([0xff, 0xfe])), /not text in UTF-8: use secret_files/],
    ["variable is not set", () => ({ kind: "env", name: "NOPE" }), /its variable is not in the manager's environment/],
    ["variable is empty", () => ({ kind: "env", name: "EMPTY" }), /is empty/],
    ["command is not there", () => ({ kind: "command", argv: ["no-such-command"] }), /its command is not there/],
    ["command may not be run", async () => ({ kind: "command", argv: [(await fileAt()).path] }), /may not be run/],
    ["command fails", () => node("console.error('vault\\nsealed'); process.exit(3)"), /ended with 3: vault sealed$/],
    ["command prints too much", () => node("process.stdout.write('x'.repeat(9e6))"), /more than 512000 bytes/],
    ["command prints nothing", () => node(""), /is empty/],
    ["credential has no folder", () => ({ kind: "credential", name: "c" }), /no \$CREDENTIALS_DIRECTORY: start it by/],
  ])("%s", async (_what, make, problem) => {
    const message = await problemOf(declare({ tok: await make() }).read(spec({ V: "tok" }), {}));
    expect(message).toMatch(problem);
    expect(message).toMatch(/^spec\.secrets\["V"\]: secret "tok": /);
    expect(message).not.toContain(folder);
  });

  async function fileAt(): Promise<{ path: string }> {
    const path = join(folder, "plain");
    await writeFile(path, "x");
    await chmod(path, 0o600);
    return { path };
  }

  it("credential's name leads out of its folder", async () => {
    await mkdir(join(folder, "in"));
    await file("hunter2", "out");
    for (const name of ["../out", "..", ".", "a/b"]) {
      const secrets = declare(
        { s: { kind: "credential", name } },
        { more: { CREDENTIALS_DIRECTORY: join(folder, "in") } },
      );
      expect(await problemOf(secrets.read(spec({ V: "s" }), {}))).toMatch(/not the name of a file/);
    }
  });

  it("name is not declared any more, and each other one, at once", async () => {
    const secrets = declare({ a: { kind: "env", name: "NOPE" } });
    const error = await secrets
      .read(spec({ V: "a", W: "b" }, { secretFiles: { "/s/x": "b" } }), {})
      .catch((failure: ManagerError) => failure.details.violations?.map(({ field }) => field));
    expect(error).toEqual(['spec.secrets["V"]', 'spec.secrets["W"]', 'spec.secret_files["/s/x"]']);
  });
});

describe("A command", () => {
  it("that fails after it has printed the value does not show the value", async () => {
    const code = "console.log('hunter2'); console.error('got hunter2, then failed'); process.exit(1)";
    expect(await problemOf(declare({ s: node(code) }).read(spec({ V: "s" }), {}))).toMatch(
      /ended with 1: got …, then failed$/,
    );
  });

  it("whose complaint is long is quoted by its end", async () => {
    const code = "process.exitCode = 1; console.error('x'.repeat(9e5) + ' at last')";
    const message = await problemOf(declare({ s: node(code) }).read(spec({ V: "s" }), {}));
    expect(message).toMatch(/: …x+ at last$/);
    expect(message.length).toBeLessThan(700);
  });

  it("is run once for all who ask at a time", async () => {
    const log = join(folder, "runs");
    const secrets = declare({
      s: node(
        `require("fs").appendFileSync(${JSON.stringify(log)}, "x"); console.log(require("fs").readFileSync(${JSON.stringify(log)}, "utf8"))`,
      ),
    });
    const values = await Promise.all([1, 2, 3].map(() => secrets.read(spec({ V: "s" }), {})));
    expect(values.map((value) => value?.env().V)).toEqual(["x", "x", "x"]);
    expect((await secrets.read(spec({ V: "s" }), {}))?.env().V).toBe("xx");
  });

  it("is killed, with what it started, when nobody waits any more", async () => {
    const left = new AbortController();
    const ready = join(folder, "ready");
    const code = `const c = require("child_process").spawn("sleep", ["600"]); require("fs").writeFileSync(${JSON.stringify(ready)}, String(c.pid)); setInterval(() => {}, 1e6)`;
    const reading = declare({ s: node(code) }).read(spec({ V: "s" }), { signal: left.signal });
    const pid = await pidIn(ready);
    left.abort();
    await expect(reading).rejects.toMatchObject({ kind: "cancelled", details: { reason: "CANCELLED" } });
    await gone(pid);
  });

  async function pidIn(path: string): Promise<number> {
    const { readFile } = await import("node:fs/promises");
    for (;;) {
      const text = await readFile(path, "utf8").catch(() => "");
      if (text !== "") return Number(text);
    }
  }

  /** A zombie counts as gone: who reaps it is not ours to say. */
  async function gone(pid: number): Promise<void> {
    const { readFile } = await import("node:fs/promises");
    for (;;) {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      if (stat === "" || / Z /.test(stat)) return;
    }
  }
});

describe("The values of secrets", () => {
  it("are in nothing that prints or serializes them", async () => {
    const values = await declare({ s: { kind: "env", name: "TOKEN" } }).read(spec({ V: "s" }), {});
    const shown = [inspect({ values }, { depth: 9, showHidden: true }), JSON.stringify({ values }), String(values)];
    for (const text of shown) expect(text).not.toContain("from-the-environment");
  });

  it("are told apart by digests of the same key, the one before included", async () => {
    const read = async (value: string, keys: string[]) =>
      declare({ s: await file(value) }, { keys: keys.map(keyOf) }).read(spec({ V: "s" }), {});
    const held = await read("old", ["k1"]);
    expect(changedSecrets(held, await read("old", ["k1"]))).toEqual([]);
    expect(changedSecrets(held, await read("new", ["k1"]))).toEqual(["V"]);
    expect(changedSecrets(held, await read("old", ["k2", "k1"]))).toEqual([]);
    expect(changedSecrets(held, await read("new", ["k2", "k1"]))).toEqual(["V"]);
  });

  it("are compared themselves where the key was lost", async () => {
    const read = async (value: string, key: string) =>
      declare({ s: await file(value) }, { keys: [keyOf(key)] }).read(spec({ V: "s" }), {});
    const held = await read("old", "k1");
    expect(changedSecrets(held, await read("old", "k9"))).toEqual([]);
    expect(changedSecrets(held, await read("new", "k9"))).toEqual(["V"]);
  });

  it("have other digests in other secrets, and none that a guess without the key finds", async () => {
    const source = { kind: "env", name: "TOKEN" } as const;
    const values = await declare({ a: source, b: source }).read(spec({ V: "a", W: "b" }), {});
    const [digests] = values?.digests ?? [];
    expect(digests?.of.V).not.toBe(digests?.of.W);
    const other = await declare({ a: source }, { keys: [keyOf("k2")] }).read(spec({ V: "a" }), {});
    expect(other?.digests[0]?.of.V).not.toBe(digests?.of.V);
  });
});
