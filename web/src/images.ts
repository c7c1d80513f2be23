// The way into the image browser, and the page's predictions when it shows a few photographs.
import { csvButton, toCsv } from "./csv";
import type { Report } from "./data";
import { h, rovingFocus } from "./dom";
import { percent } from "./format";
import type { Gallery } from "./gallery";
import type { Open } from "./grids";

/** Every image, small; a click or Enter opens it. */
export function thumbnails(gallery: Gallery, open: Open): HTMLElement[] {
  const { data } = gallery.report;
  const list = h("div", { class: "thumbnails" }, ...data.images.map((photo) =>
    h("button", { type: "button", class: "tile", "data-roving": true, "data-image": photo.id, onclick: () => open(photo.id) },
      gallery.photo(photo), h("span", { class: "caption" }, photo.label || photo.title))));
  rovingFocus(list, () => Math.max(1, getComputedStyle(list).gridTemplateColumns.split(" ").length));
  const withNumbers = data.maps.some((map) => Object.keys(map.values).length > 0);
  return [
    h("div", { class: "section-tools" },
      h("p", { class: "note" }, "Choose an image to see all maps of all arms, large. In the browser: ← and → for the next image, Escape to close."),
      withNumbers && csvButton("images", "the metrics of every map", () => allNumbers(gallery.report))),
    list,
  ];
}

function allNumbers(report: Report): string {
  const { data } = report;
  return toCsv([["image", "label", "arm", "method", ...data.metrics.map((metric) => metric.id)],
    ...data.maps.map((map) => [report.photoOf.get(map.image)?.title ?? map.image, report.photoOf.get(map.image)?.label ?? "", map.arm, map.method,
      ...data.metrics.map((metric) => map.values[metric.id] ?? null)])]);
}

/** What the network takes each photograph for: bars with names and probabilities. */
export function predictionsSection(gallery: Gallery, open: Open): HTMLElement[] {
  const { report } = gallery;
  return report.data.images.flatMap((photo) => {
    const all = report.data.predictions.filter((one) => one.image === photo.id && one.classes.length > 1);
    if (all.length === 0) return [];
    return [h("div", { class: "predicted" },
      h("button", { type: "button", class: "tile", "data-image": photo.id, onclick: () => open(photo.id) }, gallery.photo(photo),
        report.data.arms.length > 1 && h("span", { class: "caption" }, photo.label)),
      ...all.map((one) => h("div", { class: "classes" },
        h("h3", {}, report.data.arms.length > 1 ? report.arm(one.arm)?.label ?? photo.title : photo.title),
        h("ol", {}, ...one.classes.map((item) => h("li", {},
          h("span", { class: "name" }, item.label),
          h("span", { class: "bar", "aria-hidden": "true" }, h("span", { style: `width: ${100 * item.probability}%` })),
          h("span", { class: "probability" }, percent(item.probability))))))))];
  });
}
