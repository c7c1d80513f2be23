// Charts that the data describe: lines of arms over epochs, or values by row.
import { legend } from "./arms";
import { chart } from "./chart";
import { csvButton } from "./csv";
import { bandNote } from "./curves";
import type { Chart, Report } from "./data";
import { h } from "./dom";
import { choice } from "./inputs";
import { linesChart, type Spread } from "./lines";

export function chartsSection(report: Report): HTMLElement[] {
  const { charts, chart_note: note } = report.data;
  const lined = charts.filter(({ lines }) => lines.length > 0);
  const seeded = lined.some(({ lines }) => lines.some(({ seed }) => seed !== "0"));
  const several = new Set(lined.flatMap(({ lines }) => lines.map(({ seed }) => seed))).size > 1;
  const plots = h("div", { class: lined.length > 1 ? "charts" : "charts one" });
  const shared = new Set(lined.map((one) => [...armsOf(one)].sort().join("\n"))).size < 2;
  const state: { spread: Spread } = { spread: "band" };
  const draw = () => plots.replaceChildren(...charts.map((one) => withCsv(report, one,
    one.lines.length > 0 ? withLegend(report, one, shared, lineView(report, one, state.spread)) : dotView(one)))
    .filter((part) => part !== null));
  draw();
  return [
    h("div", { class: "section-tools" },
      several && choice("Show", [["band", "mean and range"], ["seeds", "every seed"]], state.spread,
        (value) => { state.spread = value; draw(); })),
    ...(lined.length > 0 && shared ? [legend(report, "line", armsOf(lined[0]!))] : []),
    plots,
    ...(note ? [h("p", { class: "note" }, note)] : []),
    ...(seeded ? [h("p", { class: "note" }, bandNote(several))] : []),
  ];
}

function armsOf({ lines }: Chart): Set<string> {
  return new Set(lines.map(({ arm }) => arm));
}

/** A chart has a legend of its own where others of its section draw other arms. */
function withLegend(report: Report, one: Chart, shared: boolean, figure: HTMLElement | null): HTMLElement | null {
  if (!shared) figure?.querySelector("figcaption")?.after(legend(report, "line", armsOf(one)));
  return figure;
}

function withCsv(report: Report, { id }: Chart, figure: HTMLElement | null): HTMLElement | null {
  const table = report.table(`chart-${id}`);
  if (table) figure?.querySelector("figcaption")?.append(" ", csvButton(table.id, table.title, () => table.csv));
  return figure;
}

function lineView(report: Report, { title, note, x_title, y_title, lines }: Chart, spread: Spread): HTMLElement | null {
  const counts = lines.every(({ y }) => y.every((value) => value === null || Number.isInteger(value)));
  const formats = counts ? { format: ".3~s", precise: "d", preciseMean: ".1f" } : { format: ".2f", precise: ".3f" };
  const marked = lines.some(({ places }) => places.length > 0);
  return linesChart(report, { title, note, axis: y_title, ...formats, xTitle: x_title, step: marked ? "place" : x_title, whole: !marked, marked },
    lines.map((line) => ({ ...line, step: line.places.length > 0 ? line.places : line.x })), spread);
}

/** A row a name, a mark a series; rows in the order of the data. */
function dotView({ title, note, x_title, y_title, dots }: Chart): HTMLElement {
  const rows = [...new Set(dots.map(({ row }) => row))], series = [...new Set(dots.map((dot) => dot.series))].sort();
  const spec = {
    height: 18 * rows.length,
    data: { values: dots },
    mark: { type: "point", filled: true, size: 60, opacity: 0.85 },
    encoding: {
      x: { field: "value", type: "quantitative", title: x_title, axis: { tickCount: 6, grid: true }, scale: { zero: false, nice: true } },
      y: { field: "row", type: "nominal", sort: rows, title: y_title, axis: { grid: true, labelLimit: 260, labelOverlap: false } },
      color: { field: "series", type: "nominal", sort: series, legend: { orient: "top", title: null, labelColor: "var(--muted)", columns: { expr: "width < 420 ? 2 : 4" } },
        scale: { domain: series, range: series.map((_, i) => `var(--arm-${i % 6})`) } },
      shape: { field: "series", type: "nominal", sort: series, legend: { orient: "top", title: null } },
      tooltip: [{ field: "row", title: y_title }, { field: "series", title: "cut" },
        { field: "value", type: "quantitative", title: x_title, format: ".3f" }],
    },
  };
  return chart(title, `${title}: ${x_title} by ${y_title}`, spec, note);
}
