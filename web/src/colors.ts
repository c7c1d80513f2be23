// Colour maps arrive with the data (256 × RGB each), so that the page, the PNG files and the terminal agree.
import type { ReportData } from "./data";

export const diverging = "coolwarm";

export class ColorMaps {
  private readonly tables = new Map<string, Uint8Array>();

  constructor(maps: ReportData["colormaps"]) {
    for (const [name, text] of Object.entries(maps)) {
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      if (bytes.length === 768) this.tables.set(name, bytes);
    }
  }

  get names(): string[] {
    return [...this.tables.keys()];
  }

  table(name: string): Uint8Array {
    return this.tables.get(name) ?? greyRamp;
  }

  /** A CSS gradient from the lowest to the highest colour. */
  gradient(name: string): string {
    const table = this.table(name);
    const stops = Array.from({ length: 17 }, (_, i) => {
      const at = 3 * Math.round((255 * i) / 16);
      return `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
    });
    return `linear-gradient(to right, ${stops.join(", ")})`;
  }
}

const greyRamp = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
