import { strToU8, zipSync } from "fflate";

/** What of an extension's package.json its manifest repeats. */
export interface ExtensionPackage {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly version: string;
  readonly publisher: string;
  readonly engines: { readonly vscode: string };
  readonly categories: readonly string[];
  readonly contributes: {
    readonly languages: readonly {
      readonly id: string;
      readonly aliases: readonly string[];
      readonly extensions: readonly string[];
    }[];
  };
}

/** Of every kind of file that may be in a package, as the Open Packaging Conventions want it. */
const contentTypes: Readonly<Record<string, string>> = {
  ".cjs": "application/octet-stream",
  ".json": "application/json",
  ".md": "text/markdown",
  ".vsixmanifest": "text/xml",
};

/**
 * A `.vsix`: a zip archive of the extension's files, under `extension/`, with a manifest and a list of content types, as VS Code installs
 * and `vsce` packs it. Equal files make equal archives. `files` are named by their paths in the extension's folder, `README.md` among them.
 */
export function vsix(extension: ExtensionPackage, files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).map(([path, bytes]) => [inArchive(path), bytes] as const);
  for (const [path] of entries)
    if (contentTypes[endOf(path)] === undefined) throw new Error(`no content type is known for ${path}`);
  return zipSync(
    {
      "extension.vsixmanifest": strToU8(manifest(extension)),
      "[Content_Types].xml": strToU8(typeList()),
      ...Object.fromEntries(entries),
    },
    // The first day of zip archives, so that packing twice gives the same bytes.
    { level: 9, mtime: new Date(1980, 0, 1) },
  );
}

/** VS Code looks for the description of the extension under this name. */
function inArchive(path: string): string {
  return path === "README.md" ? "extension/readme.md" : `extension/${path}`;
}

function endOf(path: string): string {
  return path.slice(path.lastIndexOf("."));
}

function manifest(extension: ExtensionPackage): string {
  const { name, displayName, description, version, publisher, engines, categories, contributes } = extension;
  const tags = contributes.languages.flatMap(({ id, aliases, extensions }) => [
    id,
    ...aliases,
    ...extensions.map((end) => `__ext_${end.slice(1)}`),
  ]);
  const property = (id: string, value: string): string =>
    `      <Property Id="${id}" Value="${xml(value)}" />`;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${xml(name)}" Version="${xml(version)}" Publisher="${xml(publisher)}" />
    <DisplayName>${xml(displayName)}</DisplayName>
    <Description xml:space="preserve">${xml(description)}</Description>
    <Tags>${xml(tags.join(","))}</Tags>
    <Categories>${xml(categories.join(","))}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <Properties>
${property("Microsoft.VisualStudio.Code.Engine", engines.vscode)}
${property("Microsoft.VisualStudio.Code.ExtensionDependencies", "")}
${property("Microsoft.VisualStudio.Code.ExtensionPack", "")}
${property("Microsoft.VisualStudio.Code.ExtensionKind", "workspace")}
${property("Microsoft.VisualStudio.Code.LocalizedLanguages", "")}
${property("Microsoft.VisualStudio.Code.EnabledApiProposals", "")}
${property("Microsoft.VisualStudio.Code.ExecutesCode", "true")}
${property("Microsoft.VisualStudio.Services.GitHubFlavoredMarkdown", "true")}
${property("Microsoft.VisualStudio.Services.Content.Pricing", "Free")}
    </Properties>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code" />
  </Installation>
  <Dependencies />
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true" />
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/readme.md" Addressable="true" />
  </Assets>
</PackageManifest>
`;
}

function typeList(): string {
  const types = Object.entries(contentTypes).map(
    ([end, type]) => `  <Default Extension="${end}" ContentType="${type}" />\n`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
${types.join("")}</Types>
`;
}

function xml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
