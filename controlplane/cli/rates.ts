import { WireError } from "../error/wire-error.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { type DeclaredRate, withRates } from "../mesh/with-rates.ts";
import type { RatesReport } from "../rates/create-rates.ts";
import { replaceFile } from "../rollout/replace-file.ts";
import { askControlPlane, type ControlPlaneOptions, noControlPlane } from "./ask-control-plane.ts";
import { counted } from "./counted.ts";
import type { ExitCode } from "./main.ts";
import { ratesTable, significant } from "./rates-table.ts";
import { readSource } from "./read-files.ts";
import { createOutput, reportDiagnostics } from "./report.ts";
import { writing } from "./write-file.ts";

export interface RatesOptions extends ControlPlaneOptions {
  /** A mesh file that takes the rates. */
  readonly write?: string;
  readonly json?: boolean;
}

/** `wire rates`: what the proxies of a running control plane count, and a mesh file that says the same. */
export async function rates(_: readonly string[], options: RatesOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const { url, status, body } = await askControlPlane("/rates", options);
  if (status === 404 && typeof body === "object" && body !== null && "off" in body && "error" in body)
    throw new WireError("rates", String(body.error));
  if (status !== 200) throw noControlPlane(url);
  const report = body as RatesReport;
  const { write: path } = options;
  if (path === undefined) {
    if (output.json) output.print(JSON.stringify(report));
    else for (const line of ratesTable(report)) output.print(line);
    return 0;
  }
  const source = await readSource(path);
  const { diagnostics } = fromYaml(source);
  // Whatever else is wrong with it, the calls are where they are.
  if (diagnostics.some(({ code }) => code === "MSH0101")) {
    reportDiagnostics(output, diagnostics);
    return 1;
  }
  const measured = report.calls.flatMap(({ from, to, rate }): readonly DeclaredRate[] =>
    from === null ? [] : [{ from, to, rate: significant(rate) }],
  );
  const { text, written } = withRates(source.text, measured);
  if (written.length > 0) await writing(path, () => replaceFile(path, text));
  const { unmeasured } = report;
  if (output.json) output.print(JSON.stringify({ file: path, written, unmeasured }));
  else
    output.print(
      `${path}: ${counted(written.length, "rate")} written of ${counted(measured.length, "call")} whose rates are known`,
    );
  return 0;
}
