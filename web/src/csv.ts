// Tables leave the page as CSV, made in the browser: no server, no request.
import { h } from "./dom";

/** RFC 4180: a field with a comma, a quote or a line break is quoted, quotes are doubled. */
export function toCsv(rows: (string | number | null)[][]): string {
  const field = (value: string | number | null) => {
    const text = value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(field).join(",") + "\r\n").join("");
}

export function csvButton(name: string, title: string, content: () => string): HTMLButtonElement {
  return h("button", {
    class: "csv", type: "button", "data-csv": name, "aria-label": `Download ${title} as CSV`,
    onclick: () => download(`${name}.csv`, content()),
  }, "CSV ↓");
}

function download(file: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: "text/csv;charset=utf-8" }));
  const link = h("a", { href: url, download: file });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
