export { BUDGET } from "./assemble.ts";
export { type BuildFilterOptions, type BuildProblem, type BuiltFilter, buildFilter } from "./build-filter.ts";
export { verifyModule } from "./verify-module.ts";
