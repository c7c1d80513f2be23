// Building elements. Text from the data only ever becomes text nodes, never markup.

type Child = Node | string | null | undefined | false;
type Properties = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

/** An element: `on…` properties are listeners, `true` an empty attribute, `false` and undefined no attribute. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, properties: Properties = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, properties, children);
  return element;
}

export function svg(tag: string, properties: Properties = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  apply(element, properties, children);
  return element;
}

function apply(element: Element, properties: Properties, children: Child[]): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child) element.append(child);
  }
}

let lastId = 0;
export function freshId(stem: string): string {
  lastId += 1;
  return `${stem}-${lastId}`;
}

/**
 * One tab stop for many buttons: arrow keys move between them, Home and End go to the ends.
 * `columns` says how far up and down are.
 */
export function rovingFocus(container: HTMLElement, columns: () => number): void {
  const items = () => [...container.querySelectorAll<HTMLElement>("[data-roving]")];
  items().forEach((item, i) => (item.tabIndex = i === 0 ? 0 : -1));
  container.addEventListener("focusin", (event) => {
    for (const item of items()) item.tabIndex = item === event.target ? 0 : -1;
  });
  container.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    const step: Record<string, number> = {
      ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns(), ArrowUp: at - columns(),
      Home: 0, End: all.length - 1,
    };
    const next = all[step[event.key] ?? -1];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
