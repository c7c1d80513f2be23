// The pictures on the page: each canvas knows what it shows and is painted again when the settings change.
import { ColorMaps } from "./colors";
import type { Photo, Report } from "./data";
import { h } from "./dom";
import { paint, type Picture } from "./paint";
import { Settings } from "./settings";

export class Gallery {
  readonly colors: ColorMaps;
  readonly settings: Settings;
  private readonly pictures = new Map<HTMLCanvasElement, Picture>();
  private readonly ranges = new Map<string, [number, number]>();
  private scheduled = false;
  private turn = 0;
  private painting: Promise<unknown> = Promise.resolve();

  constructor(readonly report: Report) {
    this.colors = new ColorMaps(report.data.colormaps);
    for (const map of report.data.maps) {
      const range = this.ranges.get(map.method);
      this.ranges.set(map.method, [Math.min(map.low, range?.[0] ?? map.low), Math.max(map.high, range?.[1] ?? map.high)]);
    }
    this.settings = new Settings({
      colors: this.colors.names[0] ?? "grey", alpha: 0.6, view: "overlay", scale: "own",
      outline: report.data.images.some((photo) => photo.mask !== ""), size: "m",
    });
    this.settings.onChange(() => this.repaint());
  }

  /** The photograph alone. */
  photo(photo: Photo): HTMLCanvasElement {
    return this.canvas(`Image ${photo.title}: ${photo.label}`, { photo, range: [0, 1] });
  }

  /** The map of one arm and method over its photograph; an empty cell says that there is none. */
  map(photo: Photo, arm: string, method: string): HTMLElement {
    const { report } = this;
    const map = report.map(photo.id, arm, method);
    const name = [report.methodOf.get(method)?.label ?? method, report.arm(arm)?.label].filter(Boolean).join(", ");
    if (!map) return h("span", { class: "no-map", role: "img", "aria-label": `${name}: no map of ${photo.title}` });
    const reference = report.reference && report.map(photo.id, report.reference.id, method);
    return this.canvas(`${name}, image ${photo.title}: ${photo.label}`,
      { photo, map, reference, range: this.ranges.get(method) ?? [0, 1] });
  }

  /** Resolves when every picture asked for so far is painted. */
  async ready(): Promise<void> {
    for (let seen; seen !== this.painting; ) {
      seen = this.painting;
      await seen;
    }
  }

  private canvas(label: string, picture: Picture): HTMLCanvasElement {
    const canvas = h("canvas", {
      role: "img", "aria-label": label, width: picture.photo.width, height: picture.photo.height,
    });
    this.pictures.set(canvas, picture);
    this.repaint();
    return canvas;
  }

  /** Paints everything anew, once a frame at most; a later call takes over from one still at work. */
  private repaint(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.painting = frame().then(() => {
      this.scheduled = false;
      return this.paintAll(++this.turn);
    });
  }

  /** What is on the screen first, the rest in portions, so that a slider stays quick among a thousand pictures. */
  private async paintAll(turn: number): Promise<void> {
    const [seen, rest]: [HTMLCanvasElement[], HTMLCanvasElement[]] = [[], []];
    for (const canvas of this.pictures.keys()) {
      // A picture whose dialog was refilled is forgotten.
      if (!canvas.isConnected) this.pictures.delete(canvas);
      else (isOnScreen(canvas) ? seen : rest).push(canvas);
    }
    const all = [...seen, ...rest];
    for (let from = 0; from < all.length && turn === this.turn; from += portion) {
      await Promise.all(all.slice(from, from + portion).map((canvas) =>
        paint(canvas, this.pictures.get(canvas)!, this.settings.value, this.colors)));
      await frame();
    }
  }
}

const portion = 96;

function frame(): Promise<unknown> {
  return new Promise(requestAnimationFrame);
}

function isOnScreen(element: Element): boolean {
  const box = element.getBoundingClientRect();
  return box.bottom > 0 && box.top < window.innerHeight && box.width > 0;
}
