import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CodeActionRequest,
  CompletionRequest,
  createConnection,
  createProtocolConnection,
  DefinitionRequest,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DocumentFormattingRequest,
  HoverRequest,
  InitializeRequest,
  PrepareRenameRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { serveEditor } from "../../controlplane/cli/lsp.ts";
import { anyText, askEverything } from "../../controlplane/editor/any-text.test-helper.ts";

test("100,000 texts into parser, checker and editor, and nothing throws", () => {
  let inputs = 0;
  fc.assert(
    fc.property(anyText, (any) => {
      inputs++;
      askEverything(any);
    }),
    { numRuns: 100_000 },
  );
  console.log(`any text: ${inputs.toLocaleString("en")} inputs into parser, checker and editor, none threw`);
  expect(inputs).toBeGreaterThanOrEqual(100_000);
});

test("5,000 texts into the language server, and every request is answered", async () => {
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  serveEditor(createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient)));
  const client = createProtocolConnection(
    new StreamMessageReader(toClient),
    new StreamMessageWriter(toServer),
  );
  client.listen();
  await client.sendRequest(InitializeRequest.type, {
    ...{ processId: null, rootUri: null, capabilities: {}, workspaceFolders: null },
  });
  const uriOf = (path: string): string => `file:///nowhere/${path}`;
  for (const path of ["a.cup", "f.ts", "a.cui", "mesh.yaml"]) {
    const textDocument = { uri: uriOf(path), languageId: "copper", version: 0, text: "" };
    await client.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
  }
  let version = 0;
  await fc.assert(
    fc.asyncProperty(anyText, async ({ path, text, offset }) => {
      const uri = uriOf(path);
      const document = TextDocument.create(uri, "copper", ++version, text);
      await client.sendNotification(DidChangeTextDocumentNotification.type, {
        ...{ textDocument: { uri, version }, contentChanges: [{ text }] },
      });
      const position = document.positionAt(offset);
      const at = { textDocument: { uri }, position };
      const range = { start: document.positionAt(0), end: document.positionAt(text.length) };
      await Promise.all([
        client.sendRequest(HoverRequest.type, at),
        client.sendRequest(CompletionRequest.type, at),
        client.sendRequest(DefinitionRequest.type, at),
        client.sendRequest(PrepareRenameRequest.type, at),
        client.sendRequest(CodeActionRequest.type, {
          ...{ textDocument: { uri }, range, context: { diagnostics: [] } },
        }),
        client.sendRequest(DocumentFormattingRequest.type, {
          ...{ textDocument: { uri }, options: { tabSize: 2, insertSpaces: true } },
        }),
      ]);
    }),
    { numRuns: 5_000 },
  );
  client.dispose();
  console.log("any text: 5,000 inputs into the language server, all requests answered");
});
