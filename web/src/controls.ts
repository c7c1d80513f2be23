// The choices for all maps of the page, with the colour scale they lead to.
import { diverging } from "./colors";
import { h } from "./dom";
import type { Gallery } from "./gallery";
import { checkbox, choice, select, slider } from "./inputs";
import type { MapSettings } from "./settings";

export function mapControls(gallery: Gallery, sizes: boolean): HTMLElement {
  const { report, settings } = gallery;
  const { data } = report;
  const now = settings.value;
  const views: [MapSettings["view"], string][] = [["overlay", "over the image"], ["map", "map alone"]];
  if (report.reference && data.arms.length > 1) views.push(["difference", `minus ${report.reference.label}`]);
  const differing = new Set(data.maps.map((map) => `${map.method} ${map.low} ${map.high}`)).size
    > new Set(data.maps.map((map) => map.method)).size;
  const bar = h("div", { class: "map-controls", role: "group", "aria-label": "How maps are shown" },
    choice("Show", views, now.view, (view) => settings.set({ view })),
    select("Colours", gallery.colors.names.filter((name) => name !== diverging).map((name) => [name, name] as const), now.colors,
      (colors) => settings.set({ colors })),
    slider("Strength", now.alpha, (alpha) => settings.set({ alpha })),
    differing && select("Scale", [["own", "each map's own"], ["shared", "one a method"]], now.scale,
      (scale) => settings.set({ scale: scale as MapSettings["scale"] })),
    sizes && select("Size", [["s", "small"], ["m", "medium"], ["l", "large"]], now.size,
      (size) => settings.set({ size: size as MapSettings["size"] })),
    data.images.some((photo) => photo.mask !== "") &&
      checkbox("Outline of the object", now.outline, (outline) => settings.set({ outline })),
    colorBar(gallery));
  return bar;
}

/** What the colours mean, for every picture on the page. */
function colorBar(gallery: Gallery): HTMLElement {
  const { settings, colors, report } = gallery;
  const low = h("span", {});
  const high = h("span", {});
  const ramp = h("span", { class: "ramp" });
  const update = () => {
    const { view, scale, colors: name } = settings.value;
    const difference = view === "difference";
    ramp.style.backgroundImage = colors.gradient(difference ? diverging : name);
    low.textContent = difference ? `less than ${report.reference?.label ?? ""}` : scale === "own" ? "0 (map's lowest)" : "method's lowest";
    high.textContent = difference ? "more" : scale === "own" ? "1 (map's highest)" : "method's highest";
  };
  update();
  settings.onChange(update);
  return h("div", { class: "color-bar" }, low, ramp, high, report.data.maps.some((map) => map.low < 0) && signedBar(gallery));
}

/** Maps with negative values have colours of their own, whatever is chosen for the others. */
function signedBar({ colors }: Gallery): HTMLElement {
  const ramp = h("span", { class: "ramp" });
  ramp.style.backgroundImage = colors.gradient(diverging);
  return h("span", { class: "color-bar signed" }, "signed maps: against", ramp, "for");
}
