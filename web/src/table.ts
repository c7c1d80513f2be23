// One table of the report: its rows and texts come ready from the program.
import { csvButton } from "./csv";
import type { Cell, Table } from "./data";
import { freshId, h } from "./dom";
import { arrow, arrowMeaning } from "./format";

export function tableView(table: Table, heading: "h3" | "h4" = "h3"): HTMLElement {
  const titleId = freshId("table");
  const count = table.columns.length;
  // Where there is room, intervals stand beside their values instead of under them.
  const look = ["table", count > 4 && "wide", count <= 6 && "roomy"].filter(Boolean).join(" ");
  return h("figure", { class: look, "data-table": table.id },
    h("div", { class: "table-head" },
      h(heading, { id: titleId }, table.title),
      csvButton(table.id, table.title, () => table.csv)),
    table.note && h("p", { class: "note" }, table.note),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": titleId },
      h("table", { "aria-labelledby": titleId },
        h("thead", {}, h("tr", {}, ...table.columns.map(headerCell))),
        ...bodies(table))));
}

function headerCell(column: Table["columns"][number]): HTMLElement {
  return h("th", { scope: "col", class: column.numeric ? "numeric" : "", title: column.help || undefined },
    column.title,
    column.better !== "" && h("span", { class: "better", title: arrowMeaning[column.better], role: "img",
      "aria-label": arrowMeaning[column.better] }, ` ${arrow[column.better]}`),
    column.unit && h("span", { class: "unit" }, column.unit));
}

function bodies(table: Table): HTMLElement[] {
  const result: HTMLElement[] = [];
  let group: string | undefined;
  let body: HTMLElement | undefined;
  for (const row of table.rows) {
    if (!body || row.group !== group) {
      group = row.group;
      body = h("tbody", {}, group !== "" && h("tr", { class: "group" },
        h("th", { scope: "rowgroup", colspan: table.columns.length }, h("span", {}, group))));
      result.push(body);
    }
    body.append(h("tr", {}, ...row.cells.map((cell, i) => bodyCell(cell, i, table))));
  }
  return result;
}

function bodyCell(cell: Cell, at: number, table: Table): HTMLElement {
  const [text, detail] = typeof cell === "string" ? [cell, ""] : cell;
  const content = [...breakable(text), detail && h("span", { class: "interval" }, detail)];
  if (at === 0) return h("th", { scope: "row" }, ...content);
  return h("td", { class: table.columns[at]?.numeric ? "numeric" : "" }, ...content);
}

/** Specifications such as tt(out=8x4x4,in=16x16x8,r=16) may break after a comma. */
function breakable(text: string): (Node | string)[] {
  return text.split(/(?<=,)(?! )/).flatMap((part, i) => i === 0 ? [part] : [h("wbr"), part]);
}
