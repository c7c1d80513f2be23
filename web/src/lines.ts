// Lines of arms: the mean over seeds in a band from the lowest to the highest seed, or every seed.
import { armStyles } from "./arms";
import { chart } from "./chart";
import type { Report } from "./data";

export type Spread = "band" | "seeds";

/** One run: values at steps (epochs, or places that have names), each drawn at its `x`. */
export interface Line {
  arm: string;
  seed: string;
  step: (number | string)[];
  x: number[];
  y: (number | null)[];
}

export interface Panel {
  title: string;
  /** Of the values, with their unit. */
  axis: string;
  format: string;
  /** Of the values beside the pointer, and of their means over seeds, which may be no whole numbers where values are. */
  precise: string;
  preciseMean?: string;
  xTitle: string;
  /** What a step is called: "epoch". */
  step: string;
  /** Steps are drawn as such: whole numbers. */
  whole: boolean;
  /** Steps are few and have names: each is a mark, wherever it lies. */
  marked?: boolean;
  note?: string;
}

interface Point {
  arm: string;
  seed: string;
  x: number;
  mean: number;
  low: number;
  high: number;
  step: number | string;
  seeds: number;
}

/** Null where no line has a value. */
export function linesChart(report: Report, panel: Panel, lines: Line[], spread: Spread): HTMLElement | null {
  const groups = byArm(report, lines);
  const values = [...groups].flatMap(([arm, own]) => spread === "band"
    ? points(arm, own) : own.flatMap((line) => points(arm, [line])));
  if (values.length === 0) return null;
  const styles = armStyles(report);
  const color = { field: "arm", type: "nominal", legend: null, scale: { domain: styles.labels, range: styles.colors } };
  const x = { field: "x", type: "quantitative", title: panel.xTitle,
    axis: panel.whole ? { tickMinStep: 1, tickCount: 6, format: "d" } : { tickCount: 6 }, scale: panel.marked ? { nice: true, zero: false } : { nice: false, zero: !panel.whole } };
  const scale = { zero: false, nice: true };
  const range = Math.max(...values.map(({ high }) => high)) - Math.min(...values.map(({ low }) => low));
  const more = missingDigits(panel.format, range / 5);
  const format = withDigits(panel.format, more);
  const told = { ...panel, precise: withDigits(panel.precise, more),
    ...(panel.preciseMean ? { preciseMean: withDigits(panel.preciseMean, more) } : {}) };
  // One step is a point, not a line.
  const single = values.every(({ step }) => step === values[0]!.step);
  const shown = single || panel.marked === true;
  const several = values.some(({ seeds }) => seeds > 1);
  const y = { field: "mean", type: "quantitative", title: panel.axis, axis: { format, tickCount: 5 }, scale };
  const spec = {
    height: 220,
    data: { values },
    encoding: { x, color, detail: { field: "seed" } },
    layer: [
      ...(spread === "band" ? [{ mark: single ? { type: "rule", strokeWidth: 6, opacity: 0.3 } : { type: "area", opacity: 0.16 },
        encoding: { y: { field: "low", type: "quantitative", title: panel.axis, scale }, y2: { field: "high" } } }] : []),
      { mark: { type: "line", strokeWidth: spread === "band" ? 2 : 1.2, clip: true },
        encoding: { y, strokeDash: { field: "arm", legend: null, scale: { domain: styles.labels, range: styles.dashes } } } },
      { params: [{ name: "near", select: { type: "point", on: "pointerover", nearest: true, clear: "pointerout" } }],
        mark: { type: "point", filled: true, size: 55 },
        encoding: { y, opacity: { condition: { param: "near", empty: false, value: 1 }, value: shown ? 1 : 0 },
          tooltip: tooltip(told, spread, several) } },
    ],
  };
  return chart(panel.title, `${panel.title} against ${panel.xTitle} for ${[...groups.keys()].join(", ")}`, spec, panel.note ?? "");
}

const fixed = /^\.(\d+)([f%])$/;

/** How many digits a fixed format (".2f", ".0%") lacks to tell apart ticks that lie so far from each other. */
function missingDigits(format: string, step: number): number {
  const parts = fixed.exec(format);
  if (!parts || !(step > 0)) return 0;
  const needed = Math.ceil(-Math.log10(parts[2] === "%" ? 100 * step : step));
  return Math.max(0, needed - Number(parts[1]));
}

function withDigits(format: string, more: number): string {
  return format.replace(fixed, (_all, digits: string, kind: string) => `.${Math.min(9, Number(digits) + more)}${kind}`);
}

function tooltip(panel: Panel, spread: Spread, several: boolean): object[] {
  const field = (name: string, title: string, as?: string) =>
    ({ field: name, title, ...(as ? { type: "quantitative", format: as } : { type: "nominal" }) });
  return [
    field("arm", "arm"), field("step", panel.step),
    ...(panel.whole ? [] : [field("x", panel.xTitle, ".1f")]),
    field("mean", spread === "band" ? "mean" : "value", several ? panel.preciseMean ?? panel.precise : panel.precise),
    ...(spread === "band" ? [field("low", "lowest seed", panel.precise), field("high", "highest seed", panel.precise), field("seeds", "seeds")]
      : [field("seed", "seed")]),
  ];
}

function byArm(report: Report, lines: Line[]): Map<string, Line[]> {
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    if (!line.y.some((value) => value !== null)) continue;
    const label = report.arm(line.arm)?.label ?? line.arm;
    groups.set(label, [...(groups.get(label) ?? []), line]);
  }
  return groups;
}

/** Step by step over the seeds that reached it, at the mean of their places. */
function points(arm: string, lines: Line[]): Point[] {
  const steps = new Map<number | string, { x: number[]; y: number[] }>();
  for (const line of lines) {
    line.step.forEach((step, i) => {
      const value = line.y[i] ?? null, x = line.x[i];
      if (value === null || x === undefined) return;
      const at = steps.get(step) ?? { x: [], y: [] };
      at.x.push(x);
      at.y.push(value);
      steps.set(step, at);
    });
  }
  return [...steps].map(([step, at]) => ({
    arm, step, seed: lines.length === 1 ? lines[0]!.seed : "", x: mean(at.x),
    mean: mean(at.y), low: Math.min(...at.y), high: Math.max(...at.y), seeds: at.y.length,
  })).sort((a, b) => a.x - b.x);
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
