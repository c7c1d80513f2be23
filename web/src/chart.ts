// Vega-Lite in the page's own dress. Colours are CSS variables, so light, dark and print need no new drawing.
import type { Config, TopLevelSpec } from "vega-lite";
import embed from "vega-embed";
import { expressionInterpreter } from "vega-interpreter";
import { h } from "./dom";

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

const config: Config = {
  font,
  background: "transparent",
  view: { stroke: null },
  axis: {
    labelColor: "var(--muted)", titleColor: "var(--muted)", titleFontWeight: 500, labelFontSize: 11, titleFontSize: 12,
    gridColor: "var(--line)", domainColor: "var(--line-strong)", tickColor: "var(--line-strong)", tickSize: 4,
    titlePadding: 8, labelOverlap: "greedy",
  },
  axisY: { domain: false, ticks: false, labelPadding: 6 },
  axisX: { grid: false, labelFlush: true, labelSeparation: 8 },
};

/** Thousands with a thin space, as in the tables. */
const locale = { decimal: ".", thousands: "\u2009", grouping: [3], currency: ["", ""] };

let pending: Promise<unknown>[] = [];

/** A chart with its title and, for those who cannot see it, a sentence; drawn once it stands in the page. */
export function chart(title: string, description: string, spec: object, note = ""): HTMLElement {
  const place = h("div", { class: "plot" });
  const full = { width: "container", autosize: { type: "fit-x", contains: "padding" }, description, config, ...spec };
  pending.push(
    new Promise(requestAnimationFrame).then(async () => {
      await embed(place, full as TopLevelSpec, {
        mode: "vega-lite", actions: false, renderer: "svg", ast: true, expr: expressionInterpreter,
        tooltip: { theme: "page" }, formatLocale: locale,
      });
    }));
  return h("figure", { class: "chart" }, h("figcaption", {}, title, " ", note && h("span", {}, note)), place);
}

/** Resolves when every chart asked for so far is drawn. */
export async function chartsReady(): Promise<void> {
  while (pending.length > 0) {
    const now = pending;
    pending = [];
    await Promise.all(now);
  }
}
