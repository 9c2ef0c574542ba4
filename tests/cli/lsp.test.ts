import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import {
  CodeActionRequest,
  CompletionRequest,
  createProtocolConnection,
  DefinitionRequest,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DocumentFormattingRequest,
  ExitNotification,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  type Position,
  PrepareRenameRequest,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  RenameRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { format } from "../../controlplane/language/format.ts";
import { folderWith, hotel, root } from "./run-wire.ts";

const policy = `policy mark (
    act (Request request) using (Counter counter)
    context ('frontend -> search')
) {
    [Ingress]
    counter.Increment();
    SetHeadr(request, "x-mark", "yes");
}
`;

interface Editor extends AsyncDisposable {
  readonly connection: ProtocolConnection;
  open(uri: string, text: string, languageId?: string): Promise<void>;
  change(uri: string, version: number, text: string): Promise<void>;
  /** The next diagnostics of a document that fit. */
  diagnostics(
    uri: string,
    fits?: (found: PublishDiagnosticsParams) => boolean,
  ): Promise<PublishDiagnosticsParams>;
}

/** `wire lsp` as a process, with an editor that has opened a folder. */
async function startEditor(folder: string, initializationOptions: object = {}): Promise<Editor> {
  const child = spawn(process.execPath, [join(root, "controlplane/cli/main.ts"), "lsp", "--stdio"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const seen: PublishDiagnosticsParams[] = [];
  const waiting = new Set<(found: PublishDiagnosticsParams) => void>();
  connection.onNotification(PublishDiagnosticsNotification.type, (found) => {
    seen.push(found);
    for (const tell of waiting) tell(found);
  });
  connection.listen();
  const folders = [{ uri: pathToFileURL(folder).href, name: "policies" }];
  const { capabilities } = await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    capabilities: { textDocument: { completion: { completionItem: { snippetSupport: true } } } },
    workspaceFolders: folders,
    initializationOptions,
  });
  expect(capabilities).toMatchObject({ hoverProvider: true, renameProvider: { prepareProvider: true } });
  await connection.sendNotification(InitializedNotification.type, {});
  return {
    connection,
    open: (uri, text, languageId = "copper") =>
      connection.sendNotification(DidOpenTextDocumentNotification.type, {
        textDocument: { uri, languageId, version: 1, text },
      }),
    change: (uri, version, text) =>
      connection.sendNotification(DidChangeTextDocumentNotification.type, {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      }),
    diagnostics: (uri, fits = () => true) =>
      new Promise((done) => {
        const tell = (found: PublishDiagnosticsParams): void => {
          if (found.uri !== uri || !fits(found)) return;
          waiting.delete(tell);
          done(found);
        };
        waiting.add(tell);
        for (const found of seen) tell(found);
      }),
    async [Symbol.asyncDispose]() {
      const ended = once(child, "close");
      await connection.sendRequest(ShutdownRequest.type);
      await connection.sendNotification(ExitNotification.type);
      const [code] = await ended;
      connection.dispose();
      expect(code).toBe(0);
    },
  };
}

/** Where `word` begins, and some characters on. */
function at(text: string, word: string, further = 1): Position {
  const offset = text.indexOf(word) + further;
  const before = text.slice(0, offset).split("\n");
  return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
}

function uriIn(folder: string, name: string): string {
  return pathToFileURL(join(folder, name)).href;
}

describe("wire lsp", () => {
  test("a policy: what is wrong, what things are, what can be written, and how to mend it", async () => {
    const mesh = readFileSync(hotel, "utf8");
    using folder = folderWith({ "a.cup": policy, "mesh.yaml": mesh });
    await using editor = await startEditor(folder.path);
    const { connection } = editor;
    const uri = uriIn(folder.path, "a.cup");
    const textDocument = { uri };
    await editor.open(uri, policy);

    const { diagnostics } = await editor.diagnostics(uri);
    expect(diagnostics).toMatchObject([
      {
        ...{ code: "CUP0203", severity: 1, source: "wire" },
        message: expect.stringContaining("did you mean `SetHeader`?"),
        range: { start: at(policy, "SetHeadr", 0), end: at(policy, "SetHeadr", 8) },
      },
    ]);

    const said = await connection.sendRequest(HoverRequest.type, {
      textDocument,
      position: at(policy, "Increment"),
    });
    expect(said?.contents).toMatchObject({ value: expect.stringContaining("Add to the counter.") });
    const service = await connection.sendRequest(HoverRequest.type, {
      textDocument,
      position: at(policy, "search"),
    });
    expect(service?.contents).toMatchObject({ value: expect.stringContaining("service search") });

    const offered = await connection.sendRequest(CompletionRequest.type, {
      textDocument,
      position: at(policy, "counter.", 8),
    });
    expect(offered).toContainEqual(expect.objectContaining({ label: "GetCount" }));
    const services = await connection.sendRequest(CompletionRequest.type, {
      textDocument,
      position: at(policy, "search'", 3),
    });
    expect(services).toContainEqual(expect.objectContaining({ label: "profile" }));

    expect(
      await connection.sendRequest(DefinitionRequest.type, {
        textDocument,
        position: at(policy, "counter."),
      }),
    ).toEqual({ uri, range: { start: at(policy, "counter)", 0), end: at(policy, "counter)", 7) } });
    expect(
      await connection.sendRequest(DefinitionRequest.type, { textDocument, position: at(policy, "search") }),
    ).toMatchObject({ uri: uriIn(folder.path, "mesh.yaml"), range: { start: at(mesh, "\n  search:", 3) } });

    const range = diagnostics[0]?.range ?? { start: at(policy, "policy"), end: at(policy, "policy") };
    const actions = await connection.sendRequest(CodeActionRequest.type, {
      ...{ textDocument, range, context: { diagnostics } },
    });
    expect(actions).toMatchObject([
      {
        ...{ title: "change to `SetHeader`", kind: "quickfix", isPreferred: true },
        edit: { changes: { [uri]: [{ range, newText: "SetHeader" }] } },
      },
    ]);

    await editor.change(uri, 2, policy.replace("SetHeadr", "SetHeader"));
    expect((await editor.diagnostics(uri, ({ version }) => version === 2)).diagnostics).toEqual([]);
  });

  test("renaming: names in the policy, services in every file that has them", async () => {
    using folder = folderWith({
      "a.cup": policy,
      "b.cup": policy.replace("mark", "other"),
      "mesh.yaml": readFileSync(hotel, "utf8"),
    });
    await using editor = await startEditor(folder.path);
    const { connection } = editor;
    const uri = uriIn(folder.path, "a.cup");
    const textDocument = { uri };
    await editor.open(uri, policy);
    expect(
      await connection.sendRequest(PrepareRenameRequest.type, {
        textDocument,
        position: at(policy, "request)"),
      }),
    ).toMatchObject({ placeholder: "request" });
    const own = await connection.sendRequest(RenameRequest.type, {
      ...{ textDocument, position: at(policy, "request)"), newName: "r" },
    });
    expect(own?.changes?.[uri]).toHaveLength(2);
    const everywhere = await connection.sendRequest(RenameRequest.type, {
      ...{ textDocument, position: at(policy, "search"), newName: "finder" },
    });
    expect(Object.keys(everywhere?.changes ?? {}).sort()).toEqual(
      ["a.cup", "b.cup", "mesh.yaml"].map((name) => uriIn(folder.path, name)),
    );
    await expect(
      connection.sendRequest(RenameRequest.type, {
        ...{ textDocument, position: at(policy, "search"), newName: "rate" },
      }),
    ).rejects.toThrow("the mesh has a service `rate` already");
  });

  test("filter code is compiled, and the mesh is followed where the editor names it", async () => {
    const code = `import { Request } from "proxy-wasm-as";
export const context = "frontend -> search";
export function onRequest(request: Request): void { const a: i32 = "text"; }
`;
    using folder = folderWith({ "f.ts": code, "other.ts": "const a = 1;\n" });
    await using editor = await startEditor(folder.path, { mesh: hotel });
    const uri = uriIn(folder.path, "f.ts");
    await editor.open(uri, code, "typescript");
    const compiled = await editor.diagnostics(uri, ({ diagnostics }) => diagnostics.length > 0);
    expect(compiled.diagnostics).toMatchObject([{ code: "MOD0101", range: { start: { line: 2 } } }]);
    await editor.change(uri, 2, code.replace('"frontend -> search"', '"frontend -> serch"'));
    const looked = await editor.diagnostics(uri, ({ version }) => version === 2);
    expect(looked.diagnostics).toMatchObject([{ code: "CTX0201" }]);
    const mesh = pathToFileURL(hotel).href;
    await editor.open(mesh, readFileSync(hotel, "utf8").replaceAll("search", "serch"), "yaml");
    const again = await editor.diagnostics(
      uri,
      ({ version, diagnostics }) => version === 2 && diagnostics.every(({ code }) => code !== "CTX0201"),
    );
    expect(again.diagnostics.map(({ code: found }) => found)).toEqual([]);
    const other = uriIn(folder.path, "other.ts");
    await editor.open(other, "const a = 1;\n", "typescript");
    expect((await editor.diagnostics(other)).diagnostics).toEqual([]);
  });

  test("laying a policy out", async () => {
    using folder = folderWith({});
    await using editor = await startEditor(folder.path);
    const uri = uriIn(folder.path, "a.cup");
    const text = "policy p(act(Request r)context('a -> b')){Deny(r)}";
    await editor.open(uri, text);
    const ask = { textDocument: { uri }, options: { tabSize: 4, insertSpaces: true } };
    const edits = await editor.connection.sendRequest(DocumentFormattingRequest.type, ask);
    const laidOut = format({ path: "a.cup", text }).text;
    expect(edits).toMatchObject([{ newText: laidOut }]);
    await editor.change(uri, 2, laidOut);
    expect(await editor.connection.sendRequest(DocumentFormattingRequest.type, ask)).toEqual([]);
  });

  test("what does not parse, at every step of writing it", async () => {
    using folder = folderWith({ "mesh.yaml": readFileSync(hotel, "utf8") });
    await using editor = await startEditor(folder.path);
    const { connection } = editor;
    const uri = uriIn(folder.path, "new.cup");
    const textDocument = { uri };
    await editor.open(uri, "");
    for (let length = 1; length <= policy.length; length++) {
      const text = policy.slice(0, length);
      const position = at(`${text}\0`, "\0", 0);
      void editor.change(uri, length + 1, text);
      void connection.sendRequest(CompletionRequest.type, { textDocument, position });
      await connection.sendRequest(HoverRequest.type, { textDocument, position });
    }
    const last = await editor.diagnostics(uri, ({ version }) => version === policy.length + 1);
    expect(last.diagnostics).toHaveLength(1);
  });
});

describe("the end of `wire lsp`", () => {
  const initialize = { id: 1, method: "initialize", params: { processId: null, capabilities: {} } };
  const shutdown = { id: 2, method: "shutdown" };
  const exit = { method: "exit" };

  test.each([
    ["exit after shutdown", [initialize, shutdown, exit], 0],
    ["exit without shutdown", [initialize, exit], 1],
    ["the input ends", [initialize], 1],
    ["the input ends before anything was said", [], 1],
    ["the input ends after shutdown", [initialize, shutdown], 0],
  ])("%s", async (_, messages, expected) => {
    const child = spawn(process.execPath, [join(root, "controlplane/cli/main.ts"), "lsp", "--stdio"]);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.stdout.resume();
    for (const message of messages) {
      const text = JSON.stringify({ jsonrpc: "2.0", ...message });
      child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    }
    child.stdin.end();
    const [code] = await once(child, "close");
    expect({ code, stderr }).toEqual({ code: expected, stderr: "" });
  });
});
