import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What takes long though it needs nothing but Node: random cases by the thousand, and modules that are large, many, or never come to an end. */
const slow = [
  "controlplane/codegen/build-chains.test.ts",
  "controlplane/codegen/{connection,decisions,paths}.test.ts",
  "controlplane/codegen/generate-filter.test.ts",
  "controlplane/codegen/generate.test.ts",
  "controlplane/codegen/large-modules.test.ts",
  "controlplane/codegen/many-requests.test.ts",
  "controlplane/codegen/sizes.test.ts",
  "controlplane/costs/action-bodies.test.ts",
  "controlplane/editor/any-text.test.ts",
  "controlplane/eval/baseline.test.ts",
  "controlplane/mesh/generate-seed-family.test.ts",
  "controlplane/pipeline/next-build.test.ts",
  "controlplane/placement/{forcing,independent,optimize,path-tables}.test.ts",
  "controlplane/regex/{against-re2,compile-regex}.test.ts",
  "controlplane/rollout/{control-plane,senders,simulated-changes}.test.ts",
  "controlplane/server/{library,protocol,random-scripts,refusals,simulated-envoy}.test.ts",
  "editors/vscode/extension.test.ts",
  "filters/!(proxy-wasm-as)/policy.test.ts",
  "filters/proxy-wasm-as/build/*.test.ts",
  "filters/proxy-wasm-as/testing/{acts,byte-exact,callouts,check-input,ends,guest-api,headers,join,kept-streams,let-go,on-path,plugin-life,stamp,state-actions,stream,telemetry-actions}.test.ts",
  "tests/cli/*.test.ts",
  "tests/{bound,diagnostics,documents}.test.ts",
  "tests/meaning/{chance,conflicts,differential,readings}.test.ts",
  "tests/paths/changes.test.ts",
  "tests/syntax.test.ts",
];

/** Take a minute and more each, beside what is in `tests/long`. */
const long = [
  "filters/proxy-wasm-as/build/{budget,budget-room,main}.test.ts",
  "filters/standing-for-itself.test.ts",
  "tests/cli/{errors,eval,eval-traces,explain,history,lsp,new,process,serve}.test.ts",
];

/** Take a minute and more with Envoys, beside what is in `tests/load`. */
const longWithEnvoy = ["tests/e2e/doctor.test.ts", "tests/fidelity/acts.test.ts"];

/** What ends a wait for something that does not come, and no measure: a second, which is the default, is nothing on a busy machine. */
const expecting = { poll: { timeout: 30_000 } };

/** What all tests do first. */
const setupFiles = ["tests/seed-draws.ts"];

/** `unit` takes less than a minute and needs nothing but Node, nor does `slow`, which takes minutes; the others meet real Envoys and an engine for containers. */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          expect: expecting,
          setupFiles,
          include: ["{controlplane,editors,envoy,filters,tests,tools}/**/*.test.ts"],
          exclude: [
            "**/node_modules/**",
            "tests/{cli,e2e,fidelity,container,load,long,sides}/**",
            ...slow,
            ...long,
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // By default one core is left to the reporter, which is half of two.
          maxWorkers: "100%",
          // The compiler takes a second to load; stages have no state that a test could leave behind.
          isolate: false,
        },
      },
      {
        test: {
          name: "slow",
          expect: expecting,
          setupFiles,
          include: slow,
          exclude: ["**/node_modules/**", ...long],
          maxWorkers: "100%",
          // As in `unit`: what a file compiled of the compiler serves the next one.
          isolate: false,
          // What ends a hang, and no measure: on two cores that others use too, a test takes five times what it takes alone.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: "e2e",
          expect: expecting,
          setupFiles,
          include: ["tests/{e2e,fidelity}/*.test.ts"],
          exclude: ["**/node_modules/**", ...longWithEnvoy],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Each file runs a mesh on the same loopback addresses.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "container",
          expect: expecting,
          setupFiles,
          include: ["tests/container/*.test.ts"],
          globalSetup: ["tests/container/set-up.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "long",
          expect: expecting,
          setupFiles,
          include: ["tests/long/*.test.ts", ...long],
          maxWorkers: "100%",
          testTimeout: 1_200_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "load",
          expect: expecting,
          setupFiles,
          include: ["tests/{load,sides}/*.test.ts", ...longWithEnvoy],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

export default config;
