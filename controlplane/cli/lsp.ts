import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type CodeAction,
  CodeActionKind,
  type CompletionItem,
  CompletionItemKind,
  type Connection,
  createConnection,
  DiagnosticSeverity,
  type Diagnostic as EditorDiagnostic,
  ErrorCodes,
  type InitializeParams,
  type InitializeResult,
  InsertTextFormat,
  MarkupKind,
  type Position,
  type Range,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
  TextDocumentSyncKind,
  TextDocuments,
  type WorkspaceEdit,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { checkFilters } from "../codegen/check-filters.ts";
import { type Completion, complete } from "../editor/complete.ts";
import { definition } from "../editor/definition.ts";
import { diagnose, isFilterCode } from "../editor/diagnose.ts";
import { hover } from "../editor/hover.ts";
import { quickFixes } from "../editor/quick-fixes.ts";
import { renamable, rename } from "../editor/rename.ts";
import type { Edit, Workspace } from "../editor/workspace.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { type Diagnostic, hasErrors } from "../language/diagnostic.ts";
import { format } from "../language/format.ts";
import type { Source, Span } from "../language/source.ts";
import { type EditorFiles, editorFiles, pathOf, uriOf } from "./editor-files.ts";
import type { ExitCode } from "./main.ts";

/** The compiler takes a part of a second for filter code: it waits until nobody types. */
const quietMs = 300;

/** What came with the end of the input, a notification to exit among it, is still looked at. */
const graceMs = 500;

/**
 * `wire lsp`: answer an editor on standard input and output. It ends when the editor says so, or leaves; the exit code is the protocol's:
 * 0 after a request to shut down, 1 without one.
 */
export async function lsp(): Promise<ExitCode> {
  const connection = createConnection(
    new StreamMessageReader(process.stdin),
    new StreamMessageWriter(process.stdout),
  );
  let isShutDown = false;
  connection.onShutdown(() => {
    isShutDown = true;
  });
  const left = Promise.race([once(process.stdin, "end"), once(process.stdin, "close")]);
  serveEditor(connection);
  // A pipe that breaks is an editor that left.
  await left.catch(() => undefined);
  // The connection ends the process itself when it comes to a notification to exit.
  await sleep(graceMs);
  return isShutDown ? 0 : 1;
}

/** Answer what comes on a connection, with the functions of `editor/`. */
export function serveEditor(connection: Connection): void {
  const documents = new TextDocuments(TextDocument);
  const compiling = new Map<string, NodeJS.Timeout>();
  let files: EditorFiles | undefined;
  let hasSnippets = false;

  connection.onInitialize((params): InitializeResult => {
    files = editorFiles({
      ...optionsOf(params),
      openText: (path) => documents.get(uriOf(path))?.getText(),
    });
    hasSnippets = params.capabilities.textDocument?.completion?.completionItem?.snippetSupport === true;
    return {
      serverInfo: { name: "wire" },
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        hoverProvider: true,
        completionProvider: { triggerCharacters: [".", "@", "'", '"', "(", "["] },
        definitionProvider: true,
        renameProvider: { prepareProvider: true },
        documentFormattingProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
      },
    };
  });

  /** A document with what its answers depend on; undefined when it is not open. */
  const opened = async (
    uri: string,
  ): Promise<{ document: TextDocument; source: Source; workspace: Workspace } | undefined> => {
    const path = pathOf(uri);
    const text = documents.get(uri)?.getText() ?? "";
    const interfaces = (await files?.interfacesFor({ path, text })) ?? [];
    const mesh = await files?.meshFor(path, interfaces);
    // Read last, so that no edit comes between the text and the answer.
    const document = documents.get(uri);
    if (document === undefined) return undefined;
    return {
      document,
      source: { path, text: document.getText() },
      workspace: mesh === undefined ? { interfaces } : { mesh, interfaces },
    };
  };

  const publish = async (uri: string): Promise<void> => {
    clearTimeout(compiling.get(uri));
    const found = await opened(uri);
    if (found === undefined) return;
    const { document, source, workspace } = found;
    const { version } = document;
    const send = (diagnostics: readonly Diagnostic[]): void => {
      if (documents.get(uri)?.version !== version) return;
      const listed = diagnostics.map((diagnostic) => toEditor(diagnostic, document));
      void connection.sendDiagnostics({ uri, version, diagnostics: listed });
    };
    const diagnostics = diagnose(source, workspace);
    send(diagnostics);
    if (!isFilterCode(source) || hasErrors(diagnostics)) return;
    const complain = (reason: unknown): void => connection.console.error(`${source.path}: ${reason}`);
    const compile = async (): Promise<void> => {
      const { policies } = checkPolicies([source], workspace.mesh?.mesh);
      const compiled = await checkFilters(policies);
      if (compiled.length > 0) send([...diagnostics, ...compiled]);
    };
    compiling.set(
      uri,
      setTimeout(() => void compile().catch(complain), quietMs),
    );
  };

  /** A mesh file is what the others are looked up in. */
  const publishAll = (): void => {
    for (const { uri } of documents.all()) void publish(uri);
  };
  documents.onDidChangeContent(({ document: { uri } }) => {
    if (isPolicy(uri)) void publish(uri);
    else publishAll();
  });
  documents.onDidClose(({ document: { uri } }) => {
    clearTimeout(compiling.get(uri));
    void connection.sendDiagnostics({ uri, diagnostics: [] });
  });
  connection.onDidChangeWatchedFiles(publishAll);

  connection.onHover(async ({ textDocument, position }) => {
    const found = await opened(textDocument.uri);
    if (found === undefined || !isPolicy(textDocument.uri)) return null;
    const { document, source, workspace } = found;
    const said = hover(source, document.offsetAt(position), workspace);
    if (said === undefined) return null;
    return { contents: { kind: MarkupKind.Markdown, value: said.text }, range: rangeOf(document, said.span) };
  });

  connection.onCompletion(async ({ textDocument, position }) => {
    const found = await opened(textDocument.uri);
    if (found === undefined || !isPolicy(textDocument.uri)) return [];
    const { document, source, workspace } = found;
    return complete(source, document.offsetAt(position), workspace).map((item) =>
      toItem(item, document, { hasSnippets }),
    );
  });

  connection.onDefinition(async ({ textDocument, position }) => {
    const found = await opened(textDocument.uri);
    if (found === undefined || !isPolicy(textDocument.uri)) return null;
    const { document, source, workspace } = found;
    const place = definition(source, document.offsetAt(position), workspace);
    if (place === undefined) return null;
    return { uri: uriOf(place.path), range: rangeOf(documentOf(place.path, found), place.span) };
  });

  connection.onPrepareRename(async ({ textDocument, position }) => {
    const found = await opened(textDocument.uri);
    if (found === undefined) return null;
    const { document, source, workspace } = found;
    const target = renamable(source, document.offsetAt(position), workspace);
    // The protocol's answer for what cannot be renamed is null.
    return target === undefined ? null : { range: rangeOf(document, target.span), placeholder: target.name };
  });

  connection.onRenameRequest(async ({ textDocument, position, newName }) => {
    const found = await opened(textDocument.uri);
    if (found === undefined) return null;
    const { document, source, workspace } = found;
    const policies = (await files?.policiesBeside(source.path, workspace.mesh)) ?? [];
    const result = rename(source, document.offsetAt(position), newName, { ...workspace, policies });
    if ("problem" in result) throw new ResponseError(ErrorCodes.InvalidParams, result.problem);
    return toWorkspaceEdit(result.edits, (path) => {
      const policy = policies.find((each) => each.path === path);
      return policy === undefined ? documentOf(path, found) : textDocumentOf(policy);
    });
  });

  connection.onDocumentFormatting(async ({ textDocument }) => {
    const found = await opened(textDocument.uri);
    if (found === undefined || !/\.(cup|cui)$/.test(found.source.path)) return [];
    const { document, source } = found;
    const { text } = format(source);
    if (text === source.text) return [];
    return [{ range: rangeOf(document, { start: 0, end: source.text.length }), newText: text }];
  });

  connection.onCodeAction(async ({ textDocument, range, context }): Promise<CodeAction[]> => {
    const found = await opened(textDocument.uri);
    // A client that names no kinds wants all of them.
    const isWanted = context.only?.some((kind) => kind.startsWith(CodeActionKind.QuickFix)) ?? true;
    if (found === undefined || !isWanted) return [];
    const { document, source, workspace } = found;
    const span = { start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
    return quickFixes(diagnose(source, workspace), span).map(({ title, diagnostic, edit, isPreferred }) => ({
      title,
      kind: CodeActionKind.QuickFix,
      diagnostics: [toEditor(diagnostic, document)],
      isPreferred,
      edit: toWorkspaceEdit([edit], () => document),
    }));
  });

  documents.listen(connection);
  connection.listen();
}

function isPolicy(uri: string): boolean {
  return /\.(cup|ts)$/.test(uri) || uri.startsWith("untitled:");
}

function optionsOf({ initializationOptions, workspaceFolders }: InitializeParams): {
  readonly folders: readonly string[];
  readonly mesh?: string;
} {
  const folders = (workspaceFolders ?? []).map(({ uri }) => pathOf(uri));
  const mesh: unknown =
    typeof initializationOptions === "object" ? initializationOptions?.["mesh"] : undefined;
  return { folders, ...(typeof mesh === "string" && mesh !== "" ? { mesh } : {}) };
}

/** For the places in a file that may not be open: the document that is asked about, or the mesh file. */
function documentOf(
  path: string,
  { document, source, workspace }: { document: TextDocument; source: Source; workspace: Workspace },
): TextDocument {
  const mesh = workspace.mesh?.source;
  return path !== source.path && mesh?.path === path ? textDocumentOf(mesh) : document;
}

function textDocumentOf({ path, text }: Source): TextDocument {
  return TextDocument.create(uriOf(path), "copper", 0, text);
}

function rangeOf(document: TextDocument, { start, end }: Span): Range {
  const position = (offset: number): Position => document.positionAt(offset);
  return { start: position(start), end: position(end) };
}

function toEditor(diagnostic: Diagnostic, document: TextDocument): EditorDiagnostic {
  const { code, severity, message, help, span } = diagnostic;
  return {
    range: rangeOf(document, span),
    severity: severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code,
    source: "wire",
    message: help === undefined ? message : `${message}\nhelp: ${help}`,
  };
}

const kinds: Readonly<Record<Completion["kind"], CompletionItemKind>> = {
  action: CompletionItemKind.Function,
  service: CompletionItemKind.Module,
  version: CompletionItemKind.EnumMember,
  clause: CompletionItemKind.Property,
  act: CompletionItemKind.Interface,
  state: CompletionItemKind.Class,
  type: CompletionItemKind.TypeParameter,
  name: CompletionItemKind.Variable,
  keyword: CompletionItemKind.Keyword,
  value: CompletionItemKind.Value,
};

function toItem(
  item: Completion,
  document: TextDocument,
  { hasSnippets }: { readonly hasSnippets: boolean },
): CompletionItem {
  const { label, kind, detail, documentation = "", text, span } = item;
  const snippet = hasSnippets ? item.snippet : undefined;
  return {
    label,
    kind: kinds[kind],
    ...(detail === undefined ? {} : { detail }),
    ...(documentation === "" ? {} : { documentation: { kind: MarkupKind.Markdown, value: documentation } }),
    insertTextFormat: snippet === undefined ? InsertTextFormat.PlainText : InsertTextFormat.Snippet,
    textEdit: { range: rangeOf(document, span), newText: snippet ?? text },
  };
}

function toWorkspaceEdit(edits: readonly Edit[], documentFor: (path: string) => TextDocument): WorkspaceEdit {
  const changes = Map.groupBy(edits, ({ path }) => path);
  return {
    changes: Object.fromEntries(
      [...changes].map(([path, all]) => [
        uriOf(path),
        all.map(({ span, text }) => ({ range: rangeOf(documentFor(path), span), newText: text })),
      ]),
    ),
  };
}
