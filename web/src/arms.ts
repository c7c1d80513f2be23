// An arm has one colour, one dash and one mark everywhere on the page; the reference arm is drawn in ink.
import type { Report } from "./data";
import { h, svg } from "./dom";

const shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];
const dashes = [[1, 0], [7, 3], [2, 2], [8, 3, 2, 3], [4, 2], [1, 3]];
const marks = [
  "M4,0A4,4,0,1,1,-4,0A4,4,0,1,1,4,0", "M-3.5,-3.5H3.5V3.5H-3.5Z", "M0,-4.4L4.2,3.4H-4.2Z",
  "M0,-4.8L4,0L0,4.8L-4,0Z", "M-1.5,-4.2H1.5V-1.5H4.2V1.5H1.5V4.2H-1.5V1.5H-4.2V-1.5H-1.5Z", "M0,4.4L4.2,-3.4H-4.2Z",
];

export interface ArmStyles {
  ids: string[];
  labels: string[];
  colors: string[];
  shapes: string[];
  dashes: number[][];
}

export function armStyles(report: Report): ArmStyles {
  const { arms } = report.data;
  let next = 0;
  const numbers = arms.map((arm) => (arm.reference ? -1 : next++));
  const colours = numbers.map((number) => (number < 0 ? 0 : 1 + (number % 5)));
  // Colours come again after five arms, together with other dashes and marks.
  const marked = numbers.map((number, i) => (number < 0 ? 0 : (colours[i]! + Math.floor(number / 5)) % 6));
  return {
    ids: arms.map((arm) => arm.id),
    labels: arms.map((arm) => arm.label),
    colors: colours.map((place) => `var(--arm-${place})`),
    shapes: marked.map((place) => shapes[place]!),
    dashes: marked.map((place) => dashes[place]!),
  };
}

/** One legend for all charts of a section, in HTML, where long labels wrap instead of colliding; of the arms that are
 *  drawn there. */
export function legend(report: Report, kind: "line" | "mark", drawn: Iterable<string>,
  extra?: { label: string; color: string }): HTMLElement {
  const shown = new Set(drawn);
  const styles = armStyles(report);
  const entry = (label: string, color: string, dash: number[], shape: string) =>
    h("li", {},
      svg("svg", { viewBox: "-14 -7 28 14", width: 28, height: 14, "aria-hidden": "true" },
        kind === "line"
          ? svg("line", { x1: -13, x2: 13, stroke: color, "stroke-width": 2, "stroke-dasharray": dash.join(" ") })
          : svg("path", { d: marks[shapes.indexOf(shape)]!, fill: color })),
      label);
  return h("ul", { class: "legend" },
    ...styles.labels.map((label, i) => shown.has(styles.ids[i]!) &&
      entry(label, styles.colors[i]!, styles.dashes[i]!, styles.shapes[i]!)),
    extra && entry(extra.label, extra.color, [1, 0], "circle"));
}
