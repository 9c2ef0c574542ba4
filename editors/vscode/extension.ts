import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

/** VS Code calls this when a workspace with policies, or a policy, is opened. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  await start();
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (!change.affectsConfiguration("wire")) return;
      await stop();
      await start();
    }),
  );
}

/** VS Code calls this when it ends. */
export async function deactivate(): Promise<void> {
  await stop();
}

async function start(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("wire");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const [command = "wire", ...args] = settings
    .get<string[]>("command", [])
    .map((part) => inFolder(part, folder));
  client = new LanguageClient(
    "wire",
    "Wire",
    { command, args: [...args, "lsp"], options: folder === undefined ? {} : { cwd: folder } },
    {
      documentSelector: [
        { language: "copper" },
        // Filter code is TypeScript to the editor; the server looks at what it imports. Mesh files are what policies are looked up in.
        { scheme: "file", language: "typescript" },
        { scheme: "file", pattern: "**/mesh.{yaml,yml,json}" },
      ],
      initializationOptions: { mesh: settings.get<string>("mesh", "") },
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/mesh.{yaml,yml,json}") },
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(
      `wire could not be started: ${reason}. Say in the setting wire.command where it is.`,
    );
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.stop();
}

/** A part of the command that names a file of the workspace. */
function inFolder(part: string, folder: string | undefined): string {
  if (folder === undefined || isAbsolute(part) || !part.includes("/")) return part;
  const path = join(folder, part);
  return existsSync(path) ? path : part;
}
