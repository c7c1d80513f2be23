// All claims at a glance when several arms were judged: a claim a row, an arm a column.
import type { Outcome, Report, Verdict } from "./data";
import { h } from "./dom";

export const signs: Record<Outcome, string> = { supported: "✓", contradicted: "✕", undecided: "?" };

export function hasInterval({ effect }: Verdict): boolean {
  return effect.low !== null && effect.high !== null;
}

/** The id of a verdict's card. */
export function cardId(at: number): string {
  return `verdict-${at + 1}`;
}

export function verdictMatrix(report: Report, arms: string[]): HTMLElement {
  const { verdicts } = report.data;
  const questions = [...new Set(verdicts.map((verdict) => verdict.question))];
  const of = (question: string, arm: string) =>
    verdicts.findIndex((verdict) => verdict.question === question && verdict.arm === arm);
  const title = report.reference ? `At a glance: each arm against ${report.reference.label}` : "At a glance";
  const accuracy = arms.map((arm) => verdicts.find((verdict) => verdict.arm === arm)?.accuracy_text ?? "");
  return h("figure", { class: "table wide" },
    h("div", { class: "table-head" }, h("h3", {}, title)),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title },
      h("table", { class: "matrix" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Claim"),
          ...arms.map((arm, i) => h("th", { scope: "col" }, report.arm(arm)?.label ?? "in general",
            accuracy[i] !== "" && h("span", { class: "unit" }, accuracy[i]!))))),
        h("tbody", {}, ...questions.map((question) => h("tr", {}, h("th", { scope: "row" }, question),
          ...arms.map((arm) => cell(verdicts, of(question, arm)))))))));
}

/** A verdict in short; its outcome leads to the card with the reason, which may be folded away. */
function cell(verdicts: Verdict[], at: number): HTMLElement {
  const verdict = verdicts[at];
  if (!verdict) return h("td", {}, "–");
  const unfold = () => document.getElementById(cardId(at))?.closest("details")?.setAttribute("open", "");
  const { outcome, tendency } = verdict;
  const level = Math.round(100 * verdict.level);
  return h("td", { title: `${verdict.measure}: ${verdict.reason}` },
    h("a", { class: `mark ${outcome}`, href: `#${cardId(at)}`, onclick: unfold }, `${signs[outcome]} ${outcome}`),
    tendency !== outcome && h("span", { class: `lean ${tendency}` }, `preliminary: ${tendency}`),
    h("span", { class: "effect-line" }, `${verdict.effect_text}${verdict.unit ? ` ${verdict.unit}` : ""} `,
      hasInterval(verdict) && h("span", { class: "interval", "aria-label": `${level} % interval ${verdict.interval_text}` },
        verdict.interval_text)));
}
