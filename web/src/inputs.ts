// The few form controls of the page.
import { freshId, h } from "./dom";

/** A choice of one among few, as a group of radio buttons that looks like a switch. */
export function choice<T extends string>(
  title: string, options: readonly (readonly [T, string])[], value: T, onChange: (value: T) => void,
): HTMLFieldSetElement {
  const name = freshId("choice");
  return h("fieldset", { class: "choice" },
    h("legend", {}, title),
    ...options.map(([key, label]) => h("label", {},
      h("input", { type: "radio", name, value: key, checked: key === value, onchange: () => onChange(key) }),
      h("span", {}, label))));
}

export function select(
  title: string, options: readonly (readonly [string, string])[], value: string, onChange: (value: string) => void,
): HTMLLabelElement {
  return h("label", { class: "field" }, h("span", {}, title),
    h("select", { onchange: (event: Event) => onChange((event.target as HTMLSelectElement).value) },
      ...options.map(([key, label]) => h("option", { value: key, selected: key === value }, label))));
}

export function slider(title: string, value: number, onInput: (value: number) => void): HTMLLabelElement {
  return h("label", { class: "field" }, h("span", {}, title),
    h("input", { type: "range", min: 0, max: 1, step: 0.05, value,
      oninput: (event: Event) => onInput((event.target as HTMLInputElement).valueAsNumber) }));
}

export function checkbox(title: string, value: boolean, onChange: (value: boolean) => void): HTMLLabelElement {
  return h("label", { class: "field check" },
    h("input", { type: "checkbox", checked: value,
      onchange: (event: Event) => onChange((event.target as HTMLInputElement).checked) }),
    h("span", {}, title));
}
