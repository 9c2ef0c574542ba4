import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cpuBars, memoryBars } from "./charts/bars.ts";
import { latencyDistribution } from "./charts/latency-distribution.ts";
import { pngOf, svgOf } from "./charts/render-chart.ts";
import { throughputLatency } from "./charts/throughput-latency.ts";
import { aims, paperClaims } from "./claims.ts";
import { atComparedRate, compared } from "./comparison.ts";
import { policyLines } from "./lines/policy-lines.ts";
import { readLines } from "./read-lines.ts";
import { markdown, report } from "./report.ts";
import { runResult } from "./results.ts";
import type { RunResult } from "./run-result.ts";

// The pipeline from lines of a file to the report, on what was recorded once.

const text = readFileSync(join(import.meta.dirname, "recorded/runs.jsonl"), "utf8");
const { lines: results, unread } = readLines(text, runResult);
const runs = results.filter((each) => each.kind === "run");
const comparison = compared(results);

function middle(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? Number.NaN;
}

function of(mesh: RunResult["mesh"], rate: number): readonly RunResult[] {
  return runs.filter((run) => run.mesh === mesh && run.rate === rate);
}

describe("results", () => {
  test("all lines are read, and half a line at the end costs nobody the others", () => {
    expect(unread).toEqual([]);
    expect(runs).toHaveLength(4 * 5 * 3);
    const cut = readLines(text.slice(0, -200), runResult);
    expect(cut.lines).toHaveLength(results.length - 1);
    expect(cut.unread).toEqual([results.length]);
    expect(readLines("{}\nnonsense\n\n", runResult).unread).toEqual([1, 2]);
  });
});

describe("comparison", () => {
  const [capacity] = comparison.capacities;
  const rate = comparison.comparedAt.get("bookinfo") ?? 0;

  test("meshes are compared at half of what is sustained", () => {
    expect(rate).toBe(Math.round((capacity?.rate ?? 0) / 2));
  });

  test("figures are medians of the rounds, from the least to the most of three", () => {
    const there = atComparedRate(comparison, "bookinfo", "p1");
    expect(there.map(({ mesh }) => mesh)).toEqual(["none", "sidecars", "selective", "wire"]);
    for (const { mesh, proxyCores, p99Ms, addedP99Ms, answeredRate } of there) {
      const own = of(mesh, rate);
      const cores = own.map((run) => run.cores.proxies);
      expect(proxyCores).toEqual({
        ...{ median: middle(cores), low: Math.min(...cores), high: Math.max(...cores) },
        ...{ confidence: 0.75, rounds: 3 },
      });
      expect(p99Ms?.median).toBe(middle(own.flatMap(({ latencyMs }) => latencyMs?.p99 ?? [])));
      const added = own.map(({ round, latencyMs }) => {
        const without = of("none", rate).find((run) => run.round === round);
        return (latencyMs?.p99 ?? Number.NaN) - (without?.latencyMs?.p99 ?? Number.NaN);
      });
      expect(addedP99Ms?.median).toBe(middle(added));
      expect(answeredRate.median).toBeLessThanOrEqual(rate);
    }
  });

  test("a void run is in no figure, and is told", () => {
    const voided = results.map((each) =>
      each.kind === "run" && each.mesh === "wire" && each.round === 1
        ? { ...each, void: "not enforced" }
        : each,
    );
    const without = compared(voided);
    expect(without.void).toHaveLength(5);
    expect(atComparedRate(without, "bookinfo", "p1").at(-1)?.proxyCores.rounds).toBe(2);
    const told = report({ comparison: without, ...rest, isQuick: false });
    expect(told).toContain("of which 5 are void");
    expect(told).toContain(`bookinfo p1 as wire, ${rate}/s: not enforced`);
  });
});

const rest = {
  machines: runs.slice(0, 1).map(({ machine }) => machine),
  aims: [],
  paperClaims: [],
  placements: [],
  lines: policyLines(),
  charts: [],
};

describe("claims", () => {
  test("each aim is held against the medians, met or missed", () => {
    const rate = comparison.comparedAt.get("bookinfo") ?? 0;
    const memory = (mesh: RunResult["mesh"]) => middle(of(mesh, rate).map((run) => run.memoryMib.proxies));
    const [, first] = aims(comparison);
    const share = memory("wire") / memory("sidecars");
    expect(first).toMatchObject({
      figure: "memory of the proxies, of that of sidecars",
      isMet: share <= 2 / 5 + 0.1,
    });
    expect(first?.shown.startsWith(share.toFixed(2))).toBe(true);
    expect(aims(comparison)).toHaveLength(7);
    // On a machine that did other things too, what is added in one round is less than nothing.
    expect(aims(comparison).flatMap(({ figure, isInDoubt }) => (isInDoubt ? [figure] : []))).toEqual([
      "added p99, of that of sidecars",
    ]);
    expect(paperClaims(comparison)).toHaveLength(2);
  });
});

describe("report", () => {
  test("charts have a mark for each figure, as SVG and as PNG", async () => {
    for (const draw of [throughputLatency, latencyDistribution, cpuBars, memoryBars]) {
      const chart = draw(comparison);
      const svg = await svgOf(chart);
      expect(svg).toMatch(/^<svg/u);
      for (const mesh of ["sidecars", "selective", "wire"]) expect(svg).toContain(`>${mesh}</text>`);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/u);
      const png = Buffer.from(pngOf(svg));
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      // Text was drawn too, which a font is needed for: a picture without it is another one.
      expect(png.equals(Buffer.from(pngOf(svg.replaceAll(/<text.*?<\/text>/gsu, ""))))).toBe(false);
    }
    const svg = await svgOf(cpuBars(comparison));
    expect(svg.match(/aria-roledescription="bar"/gu)).toHaveLength(3);
  });

  test("rates of a hundred and more are written as such, and not as 1.2e+2", async () => {
    const { measured } = comparison;
    const faster = measured.map((each) => ({
      ...each,
      answeredRate: { ...each.answeredRate, median: each.answeredRate.median * 5 },
    }));
    const svg = await svgOf(throughputLatency({ ...comparison, measured: faster }));
    expect(svg).toContain(">120</text>");
    expect(svg).not.toMatch(/>[\d.]+e[+-]?\d/u);
  });

  test("is one file, with the machine, each mesh, and what it is not where only one round was made", async () => {
    const charts = await Promise.all(
      [cpuBars(comparison)].map(async (chart) => ({ ...chart, svg: await svgOf(chart) })),
    );
    const whole = {
      comparison,
      ...rest,
      aims: aims(comparison),
      paperClaims: paperClaims(comparison),
      charts,
    };
    const html = report({ ...whole, isQuick: false });
    expect(html).toContain(`${runs.length} runs in 3 rounds, of which 0 are void.`);
    expect(html).toContain(runs[0]?.machine.cpu);
    const due = of("wire", comparison.comparedAt.get("bookinfo") ?? 0).reduce(
      (sum, { requests }) => sum + requests.due,
      0,
    );
    const row = html.split("\n").find((line) => line.includes("<td>wire</td><td>2 of 5</td>"));
    expect(row).toContain(`<td>${due} of ${due}</td>`);
    // As many cells as the head has, CPU and memory of services and of the control plane among them.
    const head = /<h2>Figures.*?<\/thead>/su.exec(html)?.[0] ?? "";
    expect(row?.match(/<td>/gu)).toHaveLength(head.match(/<th>/gu)?.length ?? 0);
    expect(head.match(/<th>of the control plane<\/th>/gu)).toHaveLength(2);
    expect(html).toContain("claims up to 6.75 times fewer lines");
    expect(html).toContain("controlplane/eval/applications/bookinfo/p1.cup");
    expect(html.match(/<svg/gu)).toHaveLength(1);
    expect(html).not.toMatch(/src=|href="http/u);
    expect(html).not.toContain("no measurements");
    expect(report({ ...whole, isQuick: true })).toContain("its figures are no measurements");
  });

  test("of an application that only its capacity is known of, as after an interrupt, it says nothing", () => {
    const [capacity] = comparison.capacities;
    if (capacity === undefined) throw new Error("no capacity is recorded");
    const begun = compared([...results, { ...capacity, application: "hotel-reservation" }]);
    expect([...begun.comparedAt.keys()]).toEqual(["bookinfo"]);
    for (const text of [
      report({ comparison: begun, ...rest, lines: [], isQuick: false }),
      markdown({ comparison: begun, ...rest, isQuick: false }),
    ]) {
      expect(text).toContain("bookinfo");
      expect(text).not.toMatch(/Infinity|hotel/u);
    }
  });

  test("as Markdown it is a table that a document takes, and what is missed is told", () => {
    const sure = aims(comparison).map(({ isInDoubt: _, ...aim }) => aim);
    const missed = sure.map((aim) => ({ ...aim, isMet: aim.figure !== "requests answered" }));
    const lines = markdown({ comparison, ...rest, aims: missed, isQuick: false }).split("\n");
    const table = lines.filter((line) => line.startsWith("|"));
    expect(table).toHaveLength(2 + 1);
    for (const line of table) expect(line.split("|")).toHaveLength(table[0]?.split("|").length ?? 0);
    const rate = comparison.comparedAt.get("bookinfo") ?? 0;
    const memory = (mesh: RunResult["mesh"]) =>
      middle(of(mesh, rate).map((run) => run.memoryMib.proxies)).toFixed(0);
    expect(table.at(-1)).toContain(`| bookinfo | p1 | ${rate} | **2** · 5 · 2 · – |`);
    expect(table.at(-1)).toContain(
      `| **${memory("wire")}** · ${memory("sidecars")} · ${memory("selective")} · – |`,
    );
    expect(lines.slice(-2).join()).toMatch(
      /^,- bookinfo p1, requests answered: 100\.0 % .*, aimed at ≥ 99 %$/u,
    );
    const met = sure.map((aim) => ({ ...aim, isMet: true }));
    expect(markdown({ comparison, ...rest, aims: met, isQuick: true })).toMatch(
      /^Quick: .*\n\nNo aim is missed\.$/su,
    );
    const doubted = met.map((aim) =>
      aim.figure === "requests answered" ? { ...aim, isInDoubt: true as const } : aim,
    );
    expect(markdown({ comparison, ...rest, aims: doubted, isQuick: false })).toMatch(
      /\n\nNo aim is missed\.\n\nIn doubt, .*:\n\n- bookinfo p1, requests answered: met by medians, 100\.0 % [^\n]*, aimed at ≥ 99 %$/su,
    );
    expect(report({ comparison, ...rest, aims: doubted, isQuick: false })).toContain(
      "<td>met, in doubt</td>",
    );
    // Where nothing is aimed at, nothing is said to be reached.
    expect(markdown({ comparison, ...rest, isQuick: false })).toMatch(/ \|$/u);
  });
});
