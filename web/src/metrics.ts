// Metrics by family: the table with intervals and controls, then one dot plot a metric.
import { armStyles, legend } from "./arms";
import { chart } from "./chart";
import type { Metric, Report } from "./data";
import { h } from "./dom";
import { arrow, arrowMeaning } from "./format";
import { tableView } from "./table";

interface Dot {
  method: string;
  arm: string;
  /** Height in rows from the top. */
  y: number;
  mean: number;
  low: number | null;
  high: number | null;
  n: number;
}

const control = "control without a network";

export function metricsSection(report: Report): HTMLElement[] {
  const families = [...new Set(report.data.metrics.map((metric) => metric.table))];
  return [
    h("p", { class: "note" }, "Means with 95 % intervals over seeds, beside controls that know nothing of the network: ",
      "a method that does not beat them shows nothing. ↑ higher is better, ↓ lower is better."),
    ...families.flatMap((id) => familyView(report, id)),
  ];
}

function familyView(report: Report, id: string): HTMLElement[] {
  const table = report.table(id);
  const plots = report.data.metrics.filter((metric) => metric.table === id)
    .map((metric) => dotPlot(report, metric)).filter((plot) => plot !== null);
  return [
    table && tableView(table),
    ...(plots.length > 0 ? [legend(report, "mark", report.data.scores.map(({ arm }) => arm), hasArmless(report, id) ? { label: control, color: "var(--muted)" } : undefined),
      h("div", { class: "charts three" }, ...plots)] : []),
  ].filter((part) => part !== undefined);
}

/** Whether a control that belongs to no arm stands in the table. */
function hasArmless(report: Report, table: string): boolean {
  return report.data.metrics.some((metric) => metric.table === table &&
    report.data.scores.some((score) => score.arm === "" && score.values[metric.id]));
}

/** Rows from the top: the arms of each method, with a gap between methods. */
function dotPlot(report: Report, metric: Metric): HTMLElement | null {
  const { dots, methods, rows } = layOut(report, metric);
  if (dots.length === 0) return null;
  const intervals = dots.filter((dot) => dot.low !== null && dot.high !== null);
  const styles = armStyles(report);
  const domain = [...styles.labels, control];
  const title = metric.unit ? `${metric.label} (${metric.unit})` : metric.label;
  // "Grad-CAM, untrained network" and "Grad-CAM with SmoothGrad" take two lines.
  const names = JSON.stringify(methods.map((method) => method.label.split(/(?<=,) | (?=with )/)));
  const places = JSON.stringify(methods.map((method) => method.middle));
  const y = { field: "y", type: "quantitative", title: null, scale: { domain: [0, rows], reverse: true, nice: false },
    axis: { values: methods.map((method) => method.middle), grid: false, labelLimit: 150, labelFontSize: 11.5,
      labelExpr: `${names}[indexof(${places}, datum.value)]` } };
  const x = (field: string) => ({ field, type: "quantitative", title, axis: { tickCount: 4 },
    scale: { zero: false, nice: true, padding: 6 } });
  const spec = {
    height: 10 * rows,
    data: { values: dots },
    encoding: { color: { field: "arm", legend: null, scale: { domain, range: [...styles.colors, "var(--muted)"] } } },
    layer: [
      { data: { values: methods.slice(1) }, mark: { type: "rule", color: "var(--line)" },
        encoding: { y: { ...y, field: "top" }, color: { value: "var(--line)" } } },
      // A layer without a number has no extent, of which Vega warns: one seed has no interval.
      ...(intervals.length === 0 ? [] : [{ data: { values: intervals }, mark: { type: "rule", strokeWidth: 1.6 },
        encoding: { x: x("low"), x2: { field: "high" }, y } }]),
      { mark: { type: "point", filled: true, size: 46, opacity: 1 },
        encoding: {
          x: x("mean"), y,
          shape: { field: "arm", legend: null, scale: { domain, range: [...styles.shapes, "circle"] } },
          tooltip: [
            { field: "method", title: "method" }, { field: "arm", title: "arm" },
            ...(["mean", "low", "high"] as const).map((field) =>
              ({ field, type: "quantitative", format: ".4", title: field === "mean" ? "mean" : `95 % ${field}` })),
            { field: "n", title: "seeds" },
          ],
        } },
    ],
  };
  const note = metric.better === "" ? "" : `${arrow[metric.better]} ${arrowMeaning[metric.better]}`;
  return chart(metric.label, `${metric.label} by method and arm with 95 % intervals; ${note}`, spec, note);
}

function layOut(report: Report, metric: Metric) {
  const { data } = report;
  const dots: Dot[] = [];
  const methods: { label: string; top: number; middle: number }[] = [];
  let row = 0;
  for (const method of [...data.methods].sort((a, b) => Number(a.control) - Number(b.control))) {
    const top = row;
    row += 0.5;
    for (const score of data.scores) {
      const value = score.method === method.id ? score.values[metric.id] : undefined;
      if (!value || value.mean === null) continue;
      row += 1;
      dots.push({ method: method.label, arm: report.arm(score.arm)?.label ?? control, y: row - 0.5,
        mean: value.mean, low: value.low, high: value.high, n: value.n });
    }
    row += 0.5;
    if (row === top + 1) row = top;
    else methods.push({ label: method.label, top, middle: (top + row) / 2 });
  }
  return { dots, methods, rows: row };
}
