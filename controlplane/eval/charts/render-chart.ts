import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import { parse, View } from "vega";
import { compile } from "vega-lite";
import type { Chart } from "./chart.ts";

/** It comes with a package, so that a picture is the same on machines that have other fonts, or none. */
const font = "DejaVu Sans";
const fontFiles = [
  import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"),
  import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf"),
].map((url) => fileURLToPath(url));

/** Pixels of a PNG for one of an SVG: what dense screens show. */
const scale = 2;

/** A chart as SVG. */
export async function svgOf({ spec }: Chart): Promise<string> {
  const { spec: whole } = compile({ ...spec, background: "white", config: { font } });
  const view = new View(parse(whole), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** The SVG as PNG. */
export function pngOf(svg: string): Uint8Array {
  const picture = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: { fontFiles, loadSystemFonts: false, defaultFontFamily: font },
  });
  return picture.render().asPng();
}
