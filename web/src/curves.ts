// Training curves: one line an arm, the mean over seeds, in a band from the lowest to the highest seed.
import { legend } from "./arms";
import { csvButton } from "./csv";
import type { Report } from "./data";
import { h } from "./dom";
import { choice } from "./inputs";
import { linesChart, type Line, type Spread } from "./lines";

type Series = "train_loss" | "validation_loss" | "train_accuracy" | "validation_accuracy";
type Against = "epoch" | "seconds";

const panels: { series: Series; title: string; axis: string; format: string; precise: string }[] = [
  { series: "train_loss", title: "Training loss", axis: "cross-entropy (nats)", format: ".2f", precise: ".3f" },
  { series: "validation_loss", title: "Held-out loss", axis: "cross-entropy (nats)", format: ".2f", precise: ".3f" },
  { series: "train_accuracy", title: "Training accuracy", axis: "accuracy", format: ".0%", precise: ".1%" },
  { series: "validation_accuracy", title: "Held-out accuracy", axis: "accuracy", format: ".0%", precise: ".1%" },
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
      hasSeconds(report) && choice("Against", [["epoch", "epochs"], ["seconds", report.data.seconds_title]], state.against,
        (value) => { state.against = value; draw(); }),
      several && choice("Show", [["band", "mean and range"], ["seeds", "every seed"]], state.spread,
        (value) => { state.spread = value; draw(); }),
      table && csvButton(table.id, table.title, () => table.csv)),
    legend(report, "line", report.data.curves.map((curve) => curve.arm)),
    plots,
    h("p", { class: "note" }, bandNote(several)),
  ];
}

/** What lines and bands stand for. */
export function bandNote(several: boolean): string {
  return several
    ? "Lines are means over the seeds; bands reach from the lowest to the highest seed."
    : "One seed: the lines have no band, and what they show may be luck.";
}

function hasSeconds(report: Report): boolean {
  return report.data.curves.some((curve) => curve.seconds.length > 0);
}

function panelChart(report: Report, panel: (typeof panels)[number], against: Against, spread: Spread): HTMLElement | null {
  const lines: Line[] = report.data.curves.map((curve) => ({
    arm: curve.arm, seed: curve.seed, step: curve.epoch,
    x: against === "epoch" ? curve.epoch : curve.seconds, y: curve[panel.series],
  }));
  return linesChart(report, { ...panel, step: "epoch", whole: against === "epoch",
    xTitle: against === "epoch" ? "epoch" : report.data.seconds_title }, lines, spread);
}
