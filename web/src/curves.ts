// Training curves: one line an arm, the mean over seeds, in a band from the lowest to the highest seed.
import { legend, armStyles } from "./arms";
import { chart } from "./chart";
import { csvButton } from "./csv";
import type { Curve, Report } from "./data";
import { h } from "./dom";
import { choice } from "./inputs";

type Series = "train_loss" | "validation_loss" | "train_accuracy" | "validation_accuracy";
type Against = "epoch" | "seconds";
type Spread = "band" | "seeds";

interface Point {
  arm: string;
  seed: string;
  x: number;
  mean: number;
  low: number;
  high: number;
  epoch: number;
  seeds: number;
}

const panels: { series: Series; title: string; axis: string; format: string }[] = [
  { series: "train_loss", title: "Training loss", axis: "cross-entropy (nats)", format: ".2f" },
  { series: "validation_loss", title: "Held-out loss", axis: "cross-entropy (nats)", format: ".2f" },
  { series: "train_accuracy", title: "Training accuracy", axis: "accuracy", format: ".0%" },
  { series: "validation_accuracy", title: "Held-out accuracy", axis: "accuracy", format: ".0%" },
];

export function curvesSection(report: Report): HTMLElement[] {
  const plots = h("div", { class: "charts two" });
  const state: { against: Against; spread: Spread } = { against: "epoch", spread: "band" };
  const draw = () => plots.replaceChildren(
    ...panels.map((panel) => panelChart(report, panel, state.against, state.spread)).filter((part) => part !== null));
  draw();
  const several = new Set(report.data.curves.map((curve) => curve.seed)).size > 1;
  const table = report.table("curves");
  return [
    h("div", { class: "section-tools" },
      hasSeconds(report) && choice("Against", [["epoch", "epochs"], ["seconds", "seconds of training"]], state.against,
        (value) => { state.against = value; draw(); }),
      several && choice("Show", [["band", "mean and range"], ["seeds", "every seed"]], state.spread,
        (value) => { state.spread = value; draw(); }),
      table && csvButton(table.id, table.title, () => table.csv)),
    legend(report, "line"),
    plots,
    h("p", { class: "note" }, several
      ? "Lines are means over the seeds; bands reach from the lowest to the highest seed."
      : "One seed: the lines have no band, and what they show may be luck."),
  ];
}

function hasSeconds(report: Report): boolean {
  return report.data.curves.some((curve) => curve.seconds.length > 0);
}

function panelChart(
  report: Report, panel: (typeof panels)[number], against: Against, spread: Spread,
): HTMLElement | null {
  const groups = byArm(report, panel.series);
  const values = [...groups].flatMap(([arm, curves]) => spread === "band"
    ? bandPoints(arm, curves, panel.series, against)
    : curves.flatMap((curve) => bandPoints(arm, [curve], panel.series, against)));
  if (values.length === 0) return null;
  const styles = armStyles(report);
  const color = { field: "arm", type: "nominal", legend: null, scale: { domain: styles.labels, range: styles.colors } };
  const x = { field: "x", type: "quantitative", title: against === "epoch" ? "epoch" : "seconds of training",
    axis: against === "epoch" ? { tickMinStep: 1, tickCount: 6, format: "d" } : { tickCount: 6 }, scale: { nice: false, zero: against === "seconds" } };
  const scale = { zero: false, nice: true };
  // Ticks closer than a percent need a digit more, and one epoch is a point, not a line.
  const range = Math.max(...values.map(({ high }) => high)) - Math.min(...values.map(({ low }) => low));
  const format = panel.format === ".0%" && range < 0.04 ? ".1%" : panel.format;
  const single = values.every(({ epoch }) => epoch === values[0]!.epoch);
  const y = { field: "mean", type: "quantitative", title: panel.axis, axis: { format, tickCount: 5 }, scale };
  const detail = { field: "seed" };
  const spec = {
    height: 220,
    data: { values },
    encoding: { x, color, detail },
    layer: [
      ...(spread === "band" ? [{ mark: single ? { type: "rule", strokeWidth: 6, opacity: 0.3 } : { type: "area", opacity: 0.16 },
        encoding: { y: { field: "low", type: "quantitative", title: panel.axis, scale }, y2: { field: "high" } } }] : []),
      { mark: { type: "line", strokeWidth: spread === "band" ? 2 : 1.2, clip: true },
        encoding: { y, strokeDash: { field: "arm", legend: null, scale: { domain: styles.labels, range: styles.dashes } } } },
      { params: [{ name: "near", select: { type: "point", on: "pointerover", nearest: true, clear: "pointerout" } }],
        mark: { type: "point", filled: true, size: 55 },
        encoding: { y, opacity: { condition: { param: "near", empty: false, value: 1 }, value: single ? 1 : 0 },
          tooltip: tooltip(panel, against, spread) } },
    ],
  };
  const arms = [...groups.keys()].join(", ");
  return chart(panel.title, `${panel.title} against ${against} for ${arms}`, spec);
}

function tooltip(panel: (typeof panels)[number], against: Against, spread: Spread): object[] {
  const format = panel.format === ".2f" ? ".3f" : ".1%";
  const field = (name: string, title: string, as?: string) =>
    ({ field: name, title, ...(as ? { type: "quantitative", format: as } : { type: "nominal" }) });
  return [
    field("arm", "arm"), field("epoch", "epoch"),
    ...(against === "seconds" ? [field("x", "seconds", ".1f")] : []),
    field("mean", spread === "band" ? "mean" : "value", format),
    ...(spread === "band" ? [field("low", "lowest seed", format), field("high", "highest seed", format), field("seeds", "seeds")]
      : [field("seed", "seed")]),
  ];
}

function byArm(report: Report, series: Series): Map<string, Curve[]> {
  const groups = new Map<string, Curve[]>();
  for (const curve of report.data.curves) {
    if (!curve[series].some((value) => value !== null)) continue;
    const label = report.arm(curve.arm)?.label ?? curve.arm;
    groups.set(label, [...(groups.get(label) ?? []), curve]);
  }
  return groups;
}

/** Epoch by epoch over the seeds that reached it; seconds are the mean of the seeds' clocks. */
function bandPoints(arm: string, curves: Curve[], series: Series, against: Against): Point[] {
  const epochs = new Map<number, { y: number[]; seconds: number[] }>();
  for (const curve of curves) {
    curve.epoch.forEach((epoch, i) => {
      const value = curve[series][i] ?? null;
      if (value === null) return;
      const at = epochs.get(epoch) ?? { y: [], seconds: [] };
      at.y.push(value);
      if (curve.seconds[i] !== undefined) at.seconds.push(curve.seconds[i]);
      epochs.set(epoch, at);
    });
  }
  return [...epochs].sort(([a], [b]) => a - b)
    .filter(([, at]) => against === "epoch" || at.seconds.length > 0)
    .map(([epoch, at]) => ({
      arm, epoch, seed: curves.length === 1 ? curves[0]!.seed : "", x: against === "epoch" ? epoch : mean(at.seconds),
      mean: mean(at.y), low: Math.min(...at.y), high: Math.max(...at.y), seeds: at.y.length,
    }));
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
