// The order of the page. A section appears only if its data are there.
import { chartsSection } from "./charts";
import { curvesSection } from "./curves";
import { Browser } from "./browser";
import { mapControls } from "./controls";
import { h } from "./dom";
import { figureView } from "./figures";
import type { Gallery } from "./gallery";
import { gridView } from "./grids";
import { predictionsSection, thumbnails } from "./images";
import { metricsSection } from "./metrics";
import { tableView } from "./table";
import { themeButton } from "./theme";
import { verdictsSection } from "./verdicts";

type Section = [id: string, title: string, content: () => HTMLElement[]];

export function pageView(gallery: Gallery): HTMLElement[] {
  const { report } = gallery;
  const { data } = report;
  const browser = new Browser(gallery);
  const placed = new Set(["verdicts", "curves", "arms", "stages", "configuration", "provenance",
    ...data.metrics.map((metric) => metric.table)]);
  const tables = (...ids: string[]) => ids.map((id) => report.table(id)).filter((table) => table !== undefined)
    .filter((table) => table.shown).map((table) => tableView(table));
  const others = data.tables.filter((table) => table.shown && !placed.has(table.id)).map((table) => table.id);

  // Where a page has no verdicts and no scores, its own tables are the answer and come first.
  const lead = data.verdicts.length === 0 && data.scores.length === 0;

  const sections: Section[] = [
    ["verdicts", "Verdicts", () => data.verdicts.length > 0 ? verdictsSection(report) : []],
    ["curves", "Training", () => data.curves.length > 0 ? curvesSection(report) : []],
    ["charts", data.chart_title, () => data.charts.length > 0 ? chartsSection(report) : []],
    ["figures", "Pictures", () => data.figures.map(figureView)],
    ["tables", "Numbers", () => lead ? tables(...others) : []],
    ["predictions", "What it is taken for", () => predictionsSection(gallery, browser.open)],
    ["arms", "Arms", () => tables("arms")],
    ["maps", data.arms.length > 1 ? "What they look at" : "What it looks at", () => data.grids.length === 0 ? []
      : [mapControls(gallery, true), ...data.grids.map((grid) => gridView(gallery, grid, browser.open))]],
    ["metrics", "Metrics", () => data.scores.length > 0 ? metricsSection(report) : []],
    ["images", "Image browser", () => data.images.length > 1 ? thumbnails(gallery, browser.open) : []],
    ["tables", "More numbers", () => lead ? [] : tables(...others)],
    ["time", "Time", () => tables("stages")],
    ["configuration", "Configuration", () => tables("configuration", "provenance")],
  ];
  const shown = sections.map(([id, title, content]) => ({ id, title, parts: content() }))
    .filter(({ parts }) => parts.length > 0);
  followSize(gallery);
  return [
    h("a", { class: "skip", href: "#content" }, "Skip to the content"),
    h("nav", { "aria-label": "Sections" },
      h("a", { class: "brand", href: "#top" }, "ranklens"),
      h("ul", {}, ...shown.map(({ id, title }) => h("li", {}, h("a", { href: `#${id}` }, title)))),
      themeButton()),
    h("main", { id: "content", tabindex: -1 }, header(gallery),
      ...shown.map(({ id, title, parts }) =>
        h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), ...parts)),
      h("footer", {}, "Made with ranklens. This page is one file and asks nothing of any network.")),
  ];
}

function header({ report: { data } }: Gallery): HTMLElement {
  return h("header", { id: "top" },
    h("h1", {}, data.title),
    data.lead && h("p", { class: "lead" }, data.lead),
    data.command && h("pre", { class: "command", tabindex: 0, "aria-label": "The command" }, data.command),
    data.facts.length > 0 && h("dl", { class: "facts" }, ...data.facts.map(({ key, value }) =>
      h("div", {}, h("dt", {}, key), h("dd", {}, value)))),
    data.notes.length > 0 && h("ul", { class: "notes" }, ...data.notes.map((note) => h("li", {}, note))));
}

function followSize({ settings }: Gallery): void {
  const show = () => { document.documentElement.dataset.size = settings.value.size; };
  show();
  settings.onChange(show);
}
