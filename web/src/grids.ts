// Maps side by side. Three arrangements: rows of images with arms and methods as columns, blocks of tiles as in a
// paper's figure, and a few large pictures. Every picture opens the browser at its image.
import type { Grid, Photo } from "./data";
import { h, rovingFocus } from "./dom";
import type { Gallery } from "./gallery";

export type Open = (image: string) => void;

export function gridView(gallery: Gallery, grid: Grid, open: Open): HTMLElement {
  const photos = grid.images.map((id) => gallery.report.photoOf.get(id)).filter((photo) => photo !== undefined);
  const draw = { rows, tiles, gallery: large }[grid.layout];
  return h("figure", { class: `grid ${grid.layout}${grid.columns > 4 ? " dense" : ""}` },
    grid.title && h("h3", {}, grid.title),
    grid.note && h("p", { class: "note" }, grid.note),
    draw(gallery, grid, photos, open));
}

/** Pairs of method and arm that have at least one map; controls that belong to no arm stand once. */
function columns(gallery: Gallery, grid: Grid): { method: string; arm: string; title: string }[] {
  const { report } = gallery;
  return grid.methods.flatMap((method) => ["", ...grid.arms]
    .filter((arm) => grid.images.some((image) => report.map(image, arm, method)))
    .map((arm) => ({ method, arm, title: report.arm(arm)?.label ?? "" })));
}

function tile(photo: Photo, picture: HTMLElement, open: Open): HTMLButtonElement {
  return h("button", { type: "button", class: "tile", "data-roving": true, "data-image": photo.id,
    onclick: () => open(photo.id) }, picture);
}

function rows(gallery: Gallery, grid: Grid, photos: Photo[], open: Open): HTMLElement {
  const { report } = gallery;
  const all = columns(gallery, grid);
  const methods = grid.methods.map((method) => ({ method, span: all.filter((one) => one.method === method).length }))
    .filter(({ span }) => span > 0);
  const first = (i: number) => i === 0 || all[i]!.method !== all[i - 1]!.method;
  const table = h("table", { class: "maps" },
    h("thead", {},
      h("tr", {}, h("th", { rowspan: 2, scope: "col" }, "Image"),
        ...methods.map(({ method, span }) => h("th", { colspan: span, scope: "colgroup", class: "first" },
          report.methodOf.get(method)?.label ?? method))),
      h("tr", {}, ...all.map(({ title }, i) => h("th", { scope: "col", class: first(i) ? "first" : "" }, h("span", {}, title))))),
    h("tbody", {}, ...photos.map((photo) => h("tr", {},
      h("th", { scope: "row" }, tile(photo, gallery.photo(photo), open), h("span", { class: "caption" }, photo.label)),
      ...all.map(({ method, arm }, i) => h("td", { class: first(i) ? "first" : "" },
        tile(photo, gallery.map(photo, arm, method), open)))))));
  rovingFocus(table, () => all.length + 1);
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": grid.title || "Maps" }, table);
}

function tiles(gallery: Gallery, grid: Grid, photos: Photo[], open: Open): HTMLElement {
  const { report } = gallery;
  const block = (title: string, picture: (photo: Photo) => HTMLElement) => {
    const body = h("div", { class: "block", style: `--columns: ${grid.columns}` },
      ...photos.map((photo) => tile(photo, picture(photo), open)));
    rovingFocus(body, () => grid.columns);
    return h("figure", { class: "panel" }, h("figcaption", {}, title), body);
  };
  const line = (name: string, panels: HTMLElement[]) => h("div", { class: "panels", "data-line": name }, ...panels);
  return h("div", { class: "lines" },
    h("div", { class: "originals" }, block("Images", (photo) => gallery.photo(photo))),
    h("div", { class: "methods" }, ...grid.methods.map((method) => line(method, columns(gallery, { ...grid, methods: [method] })
      .map(({ arm, title }) => block([report.methodOf.get(method)?.label ?? method, title].filter(Boolean).join(" · "),
        (photo) => gallery.map(photo, arm, method)))))));
}

function large(gallery: Gallery, grid: Grid, photos: Photo[], open: Open): HTMLElement {
  const { report } = gallery;
  const all = columns(gallery, grid);
  const piece = (photo: Photo, picture: HTMLElement, caption: string) =>
    h("figure", {}, tile(photo, picture, open), h("figcaption", {}, caption));
  const body = h("div", { class: "large" }, ...photos.flatMap((photo) => [
    piece(photo, gallery.photo(photo), [photo.title, photo.label].filter(Boolean).join(" · ")),
    ...all.map(({ method, arm, title }) => piece(photo, gallery.map(photo, arm, method),
      [report.methodOf.get(method)?.label ?? method, report.data.arms.length > 1 ? title : ""].filter(Boolean).join(" · "))),
  ]));
  rovingFocus(body, () => 1);
  return body;
}
