import { createApplicationFinder, type Found } from "../eval/traces/find-applications.ts";
import { alibabaCalls, type RowReader } from "../mesh/traces/alibaba-rows.ts";
import { createFaultList, type Faults } from "./faults.ts";
import { withText } from "./open-text.ts";
import { readRows } from "./read-rows.ts";
import { createTeller } from "./teller.ts";

/** The applications of some files of call graphs. */
export interface CallGraphs extends Found {
  readonly rows: number;
  readonly faults: Faults;
}

const notOurs =
  "no call graphs in it: the first row has to name the columns of Alibaba's, `timestamp`, `traceid`, `rpcid` (`rpc_id`), `um`, `dm`, `rpctype` and `rt`";
const archive = "an archive: unpack it first, as by `tar -xzf`";

/** Read files of Alibaba's call graphs, of 2021 and 2022, `-` being standard input; they may have been compressed by gzip. */
export async function readCallGraphs(
  paths: readonly string[],
  progress: (text: string) => void,
): Promise<CallGraphs> {
  const finder = createApplicationFinder();
  const list = createFaultList();
  let rows = 0;
  const teller = createTeller(progress, () => [[rows, "rows"]]);
  for (const path of paths) {
    await withText(path, teller.read, async ({ beginning, pieces }, file) => {
      if (isArchive(beginning)) return list.report(file, 1, archive);
      let isOurs = false;
      await readRows(pieces, {
        begin(header) {
          const reader = readerOf(header);
          isOurs = reader !== undefined;
          return reader;
        },
        onRow: () => rows++,
        onFault: (line, message) => list.report(file, line, message),
      });
      if (!isOurs) list.report(file, 1, notOurs);
    });
  }
  if (teller.hasTold) progress("");
  return { ...finder.finish(), rows, faults: list.faults };

  function readerOf(header: readonly string[]): RowReader | string | undefined {
    const read = alibabaCalls(header, ["traceid", "rpcid"]);
    if (typeof read !== "function") return read;
    return (row) => {
      const call = read(row);
      if (typeof call === "string") return call;
      finder.add(call);
      return undefined;
    };
  }
}

/** Tar has its name at this place of what it says of the first file. */
function isArchive(beginning: string): boolean {
  return beginning.slice(257, 262) === "ustar";
}
