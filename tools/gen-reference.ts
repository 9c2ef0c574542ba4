import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { manual } from "../controlplane/editor/manual.ts";
import { standardInterface } from "../controlplane/language/standard.ts";

writeFileSync(join(resolve(import.meta.dirname, ".."), "docs", "reference.md"), manual(standardInterface));
