// The image browser: a dialog with one image, every map of every arm, large, and the numbers of each map.
import { csvButton, toCsv } from "./csv";
import { mapControls } from "./controls";
import type { HeatMap, Photo, Report } from "./data";
import { h } from "./dom";
import { arrow, number, percent } from "./format";
import type { Gallery } from "./gallery";

export class Browser {
  private readonly dialog: HTMLDialogElement;
  private readonly title = h("h2", { id: "browser-title", tabindex: -1 });
  private readonly body = h("div", { class: "browser-body" });
  private at = 0;

  constructor(private readonly gallery: Gallery) {
    const button = (label: string, text: string, step: number) =>
      h("button", { type: "button", "aria-label": label, title: label, onclick: () => this.move(step) }, text);
    this.dialog = h("dialog", { class: "browser", "aria-labelledby": "browser-title",
      onkeydown: (event: KeyboardEvent) => this.key(event),
      onclick: (event: MouseEvent) => event.target === this.dialog && this.dialog.close(),
    },
      h("header", {}, this.title,
        h("div", { class: "browser-tools" }, button("Previous image", "←", -1), button("Next image", "→", 1),
          h("button", { type: "button", "aria-label": "Close", title: "Close (Escape)", onclick: () => this.dialog.close() }, "✕"))),
      h("details", { class: "how", open: window.innerWidth >= 760 },
        h("summary", {}, "How maps are shown"), mapControls(gallery, false)),
      this.body);
    document.body.append(this.dialog);
  }

  open = (image: string): void => {
    const at = this.photos.findIndex((photo) => photo.id === image);
    if (at < 0) return;
    this.at = at;
    this.fill();
    if (!this.dialog.open) this.dialog.showModal();
    this.title.focus();
  };

  private get photos(): Photo[] {
    return this.gallery.report.data.images;
  }

  private move(step: number): void {
    this.at = (this.at + step + this.photos.length) % this.photos.length;
    this.fill();
  }

  private key(event: KeyboardEvent): void {
    // Arrow keys inside a choice or a slider belong to it.
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const go: Record<string, () => void> = {
      ArrowLeft: () => this.move(-1), ArrowRight: () => this.move(1),
      Home: () => this.move(-this.at), End: () => this.move(this.photos.length - 1 - this.at),
    };
    const step = go[event.key];
    if (!step) return;
    event.preventDefault();
    step();
  }

  private fill(): void {
    const { report } = this.gallery;
    const photo = this.photos[this.at]!;
    this.title.replaceChildren(/^\d+$/.test(photo.title) ? `Image ${photo.title}` : photo.title, photo.label && h("span", { class: "label" }, photo.label),
      h("span", { class: "count" }, `${this.at + 1} of ${this.photos.length}`));
    const methods = report.data.methods.filter((method) => report.data.maps.some((map) =>
      map.image === photo.id && map.method === method.id));
    const armOf = (arm: string) => methods.filter((method) => report.map(photo.id, arm, method.id));
    const groups = [...report.data.arms.map((arm) => arm.id), ""].filter((arm) => armOf(arm).length > 0);
    this.body.replaceChildren(
      h("section", { class: "original" }, h("figure", {}, this.gallery.photo(photo), h("figcaption", {}, "Image"))),
      h("div", { class: "browser-arms" }, ...groups.map((arm) => h("section", { class: "browser-arm" },
        h("h3", {}, report.arm(arm)?.label ?? "Controls without an arm"),
        predictionLine(report, photo, arm),
        h("div", { class: "browser-maps" }, ...armOf(arm).map((method) => h("figure", {},
          this.gallery.map(photo, arm, method.id), h("figcaption", {}, method.label, constant(report, photo, arm, method.id)))))))),
      ...numbers(report, photo));
    this.body.scrollTop = 0;
  }
}

/** A map without any difference in it looks like a mistake unless it is said. */
function constant(report: Report, photo: Photo, arm: string, method: string): string {
  const map = report.map(photo.id, arm, method);
  return map && map.low === map.high ? " (the same everywhere)" : "";
}

function predictionLine(report: Report, photo: Photo, arm: string): HTMLElement | null {
  const best = report.prediction(photo.id, arm)?.classes[0];
  if (!best) return null;
  const right = photo.label === "" ? "" : best.label === photo.label ? "right" : "wrong";
  return h("p", { class: `prediction ${right}` }, `says ${best.label}, ${percent(best.probability)}`,
    right === "wrong" && h("span", {}, ` (it is ${photo.label})`));
}

function numbers(report: Report, photo: Photo): HTMLElement[] {
  const maps = report.data.maps.filter((map) => map.image === photo.id && Object.keys(map.values).length > 0);
  const metrics = report.data.metrics.filter((metric) => maps.some((map) => map.values[metric.id] !== undefined));
  if (metrics.length === 0) return [];
  const name = (map: HeatMap) => [report.methodOf.get(map.method)?.label ?? map.method, report.arm(map.arm)?.label ?? ""] as const;
  const csv = () => toCsv([["image", "method", "arm", ...metrics.map((metric) => metric.id)],
    ...maps.map((map) => [photo.title, ...name(map), ...metrics.map((metric) => map.values[metric.id] ?? null)])]);
  return [h("figure", { class: "table wide" },
    h("div", { class: "table-head" }, h("h3", {}, "This image in numbers"), csvButton(`image-${photo.title.replace(/[^\w.-]+/g, "-")}`, "this image's numbers", csv)),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "This image in numbers" },
      h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Method"), h("th", { scope: "col" }, "Arm"),
          ...metrics.map((metric) => h("th", { scope: "col", class: "numeric", title: metric.description || undefined },
            `${metric.label} ${arrow[metric.better]}`)))),
        h("tbody", {}, ...maps.map((map) => h("tr", {}, h("th", { scope: "row" }, name(map)[0]), h("td", {}, name(map)[1]),
          ...metrics.map((metric) => h("td", { class: "numeric" }, number(map.values[metric.id]))))))))) ];
}
