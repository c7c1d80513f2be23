// Painting a photograph, a map over it, or the difference of two maps, on a canvas.
import { type ColorMaps, diverging } from "./colors";
import type { HeatMap, Photo } from "./data";
import { decodeGrey, decodePhoto, type Grey } from "./pixels";
import type { MapSettings } from "./settings";

export interface Picture {
  photo: Photo;
  map?: HeatMap | undefined;
  /** The reference arm's map of the same image and method, for differences. */
  reference?: HeatMap | undefined;
  /** Lowest and highest value of the method over all its maps, for the shared scale. */
  range: readonly [number, number];
}

export async function paint(
  canvas: HTMLCanvasElement, picture: Picture, settings: MapSettings, colors: ColorMaps,
): Promise<void> {
  const { photo, map } = picture;
  const image = await decodePhoto(photo.pixels);
  const overlay = map && (await colored(picture, map, settings, colors));
  const mask = map && settings.outline && photo.mask ? await decodeGrey(photo.mask) : undefined;

  const factor = Math.max(1, Math.round(128 / image.color.width));
  canvas.width = image.color.width * factor;
  canvas.height = image.color.height * factor;
  const context = canvas.getContext("2d")!;
  // Small images show their pixels as they are; photographs are smoothed.
  context.imageSmoothingEnabled = image.color.width > 64;
  const fill = (source: CanvasImageSource) => context.drawImage(source, 0, 0, canvas.width, canvas.height);
  if (!overlay) {
    fill(image.color);
  } else {
    if (settings.view === "overlay") fill(image.grey);
    context.globalAlpha = settings.view === "overlay" ? settings.alpha : 1;
    fill(overlay);
    context.globalAlpha = 1;
  }
  if (mask) outline(context, mask);
}

async function colored(
  picture: Picture, map: HeatMap, settings: MapSettings, colors: ColorMaps,
): Promise<HTMLCanvasElement> {
  const grey = await decodeGrey(map.pixels);
  const other = settings.view === "difference" && picture.reference
    ? await decodeGrey(picture.reference.pixels) : undefined;
  const canvas = document.createElement("canvas");
  canvas.width = grey.width;
  canvas.height = grey.height;
  const context = canvas.getContext("2d")!;
  const target = context.createImageData(grey.width, grey.height);
  const signed = map.low < 0;
  const table = colors.table(other || signed ? diverging : settings.colors);
  const place = other ? differencePlace(grey, other) : valuePlace(grey, map, picture.range, settings.scale);
  for (let i = 0; i < grey.values.length; i++) {
    const at = 3 * Math.max(0, Math.min(255, Math.round(255 * place(i))));
    target.data[4 * i] = table[at]!;
    target.data[4 * i + 1] = table[at + 1]!;
    target.data[4 * i + 2] = table[at + 2]!;
    target.data[4 * i + 3] = 255;
  }
  context.putImageData(target, 0, 0);
  return canvas;
}

/** Where a pixel stands on the colour scale, in [0, 1]; signed maps have zero in the middle. */
function valuePlace(
  grey: Grey, map: HeatMap, range: readonly [number, number], scale: MapSettings["scale"],
): (i: number) => number {
  const [low, high] = scale === "own" ? [map.low, map.high] : range;
  const [from, to] = low < 0 ? [-Math.max(-low, high), Math.max(-low, high)] : [low, high];
  const value = (i: number) => map.low + (grey.values[i]! / 255) * (map.high - map.low);
  return to > from ? (i) => (value(i) - from) / (to - from) : () => 0;
}

/** Both maps on their own scale from 0 to 1; equal is the middle of the colours. */
function differencePlace(a: Grey, b: Grey): (i: number) => number {
  if (a.width !== b.width || a.height !== b.height) return () => 0.5;
  return (i) => 0.5 + (a.values[i]! - b.values[i]!) / 510;
}

/** The border of the mask, white on dark, so that it shows on every colour map. */
function outline(context: CanvasRenderingContext2D, mask: Grey): void {
  const { width, height } = context.canvas;
  const [sx, sy] = [width / mask.width, height / mask.height];
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < mask.width && y < mask.height && mask.values[y * mask.width + x]! > 127;
  const path = new Path2D();
  for (let y = 0; y <= mask.height; y++) {
    for (let x = 0; x <= mask.width; x++) {
      if (inside(x, y) !== inside(x - 1, y)) {
        path.moveTo(x * sx, y * sy);
        path.lineTo(x * sx, (y + 1) * sy);
      }
      if (inside(x, y) !== inside(x, y - 1)) {
        path.moveTo(x * sx, y * sy);
        path.lineTo((x + 1) * sx, y * sy);
      }
    }
  }
  context.lineCap = "square";
  for (const [stroke, line] of [["#000a", width / 40], ["#fff", width / 100]] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = line;
    context.stroke(path);
  }
}
