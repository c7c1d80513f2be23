// What the study found, before anything else: all claims at a glance, then each with its reason, effect and interval.
import { csvButton } from "./csv";
import type { Outcome, Report, Verdict } from "./data";
import { h, svg } from "./dom";
import { number, plural } from "./format";
import { cardId, hasInterval, signs, verdictMatrix } from "./matrix";

/** As many cards as stand open at once: with more, the overview comes first and the cards fold away by arm. */
const openCards = 10;

export function verdictsSection(report: Report): HTMLElement[] {
  const table = report.table("verdicts");
  const { verdicts } = report.data;
  const arms = [...new Set(verdicts.map((verdict) => verdict.arm))];
  const folded = arms.length > 1;
  return [
    ...(folded ? [verdictMatrix(report, arms)] : []),
    ...arms.map((arm) => {
      const own = verdicts.filter((verdict) => verdict.arm === arm);
      const cards = h("ol", { class: "verdicts" }, ...own.map((verdict) => verdictCard(verdict, cardId(verdicts.indexOf(verdict)), folded)));
      return folded ? h("details", { class: "arm-verdicts", open: verdicts.length <= openCards },
        h("summary", {}, h("h3", {}, versus(report, arm)), h("span", { class: "tally" }, tally(own))), cards) : cards;
    }),
    h("div", { class: "section-tools" }, h("p", { class: "note" },
      "A claim is supported when the whole interval of its effect lies where the claim says (tinted), contradicted when it lies " +
      "outside, and undecided when it does both. A claim about maps is supported only where the arm's own maps also beat those of " +
      "its untrained network and, where masks say where they should lie, random maps. With too few seeds or epochs a claim is " +
      "undecided, and what the intervals alone say is given as preliminary. The unit of the statistics is the seed."),
    table && csvButton(table.id, table.title, () => table.csv)),
  ];
}

function versus(report: Report, arm: string): string {
  const label = report.arm(arm)?.label ?? "";
  if (label === "") return "In general";
  return report.reference ? `${label}, against ${report.reference.label}` : label;
}

/** "2 supported, 5 undecided (1 preliminarily supported)". */
function tally(verdicts: Verdict[]): string {
  const outcomes: Outcome[] = ["supported", "contradicted", "undecided"];
  const count = (test: (verdict: Verdict) => boolean) => verdicts.filter(test).length;
  return outcomes.map((outcome) => {
    const all = count((verdict) => verdict.outcome === outcome);
    const leaning = outcome !== "undecided" ? [] : outcomes.slice(0, 2)
      .map((side) => ({ side, n: count((verdict) => verdict.outcome === outcome && verdict.tendency === side) }))
      .filter(({ n }) => n > 0).map(({ side, n }) => `${n} preliminarily ${side}`);
    return all === 0 ? "" : `${all} ${outcome}${leaning.length > 0 ? ` (${leaning.join(", ")})` : ""}`;
  }).filter(Boolean).join(", ");
}

function verdictCard(verdict: Verdict, id: string, underArm: boolean): HTMLElement {
  const { effect, outcome, tendency } = verdict;
  const interval = hasInterval(verdict);
  const level = Math.round(100 * verdict.level);
  return h("li", { id, class: `verdict ${outcome}` },
    h("div", { class: "outcome" }, h("p", {}, h("span", { "aria-hidden": "true" }, signs[outcome]), ` ${outcome}`),
      tendency !== outcome && h("p", { class: "tendency" }, `preliminary: ${tendency}`)),
    h("div", { class: "claim" },
      h(underArm ? "h4" : "h3", {}, underArm ? verdict.question : verdict.claim),
      h("p", {}, verdict.reason),
      h("ul", { class: "chips" },
        h("li", {}, plural(verdict.seeds, verdict.each)),
        verdict.accuracy_text !== "" && h("li", { class: verdict.accuracy === "contradicted" ? "warn" : "" }, verdict.accuracy_text),
        verdict.effect_size !== null && interval && h("li", { title: "Mean paired difference over its deviation, corrected for few seeds" },
          `effect size ${number(verdict.effect_size)}`))),
    h("div", { class: "effect" },
      h("p", { class: "measure" }, verdict.measure),
      h("p", { class: "value" }, verdict.effect_text, " ", verdict.unit && h("span", { class: "unit" }, verdict.unit)),
      h("p", { class: "interval" }, interval ? `${level} % interval ${verdict.interval_text}` : `no interval: fewer than two ${verdict.each}s`),
      interval && intervalPlot(verdict, effect.low!, effect.high!)));
}

/** The interval beside zero; where the claim says it lies is tinted. */
function intervalPlot(verdict: Verdict, low: number, high: number): SVGElement {
  const { relation, threshold } = verdict;
  const mean = verdict.effect.mean ?? (low + high) / 2;
  const reach = 1.15 * Math.max(...[low, high, mean, threshold].map(Math.abs), 1e-300);
  const x = (value: number) => (100 * value) / reach;
  const [from, to] = { greater: [x(threshold), 100], less: [-100, x(threshold)], within: [x(-threshold), x(threshold)] }[relation];
  const side = relation === "greater" ? 100 : -100;
  return svg("svg", { class: "interval-plot", viewBox: "-104 -14 208 34", role: "img",
    "aria-label": `The effect with its interval; tinted is ${relation === "within" ? "closer to zero than" : relation + " than"} ${threshold}, as the claim says` },
    svg("rect", { class: "claimed", x: from!, y: -11, width: Math.max(0, to! - from!), height: 22 }),
    svg("line", { class: "zero", x1: 0, x2: 0, y1: -13, y2: 11 }),
    svg("text", { x: 0, y: 19 }, "0"),
    svg("text", { x: side, y: 19, style: `text-anchor:${side < 0 ? "start" : "end"}` }, "tinted: as claimed"),
    svg("line", { class: "span", x1: x(low), x2: x(high), y1: 0, y2: 0 }),
    svg("line", { class: "span", x1: x(low), x2: x(low), y1: -4, y2: 4 }),
    svg("line", { class: "span", x1: x(high), x2: x(high), y1: -4, y2: 4 }),
    svg("circle", { class: "mean", cx: x(mean), cy: 0, r: 4.5 }));
}
