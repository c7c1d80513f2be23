// Pictures that explain themselves. As images they may move, but run no script.
import type { Figure } from "./data";
import { h } from "./dom";

export function figureView({ title, note, picture }: Figure): HTMLElement {
  return h("figure", { class: "drawn" },
    h("figcaption", {}, h("h3", {}, title), note && h("p", { class: "note" }, note)),
    h("img", { src: picture, alt: note ? `${title}: ${note}` : title }));
}
