import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { diagnosticsManual } from "../controlplane/editor/diagnostics-manual.ts";
import { manual } from "../controlplane/editor/manual.ts";
import { standardInterface } from "../controlplane/language/standard.ts";
import { readExamples } from "./read-examples.ts";

const docs = join(resolve(import.meta.dirname, ".."), "docs");
writeFileSync(join(docs, "reference.md"), manual(standardInterface));
writeFileSync(join(docs, "diagnostics.md"), diagnosticsManual(readExamples()));
