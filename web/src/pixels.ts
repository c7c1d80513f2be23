// From the PNGs in the data to numbers: a map is an 8-bit grey image whose grey levels are its values.

export interface Grey {
  width: number;
  height: number;
  values: Uint8Array;
}

export interface DecodedPhoto {
  color: HTMLCanvasElement;
  grey: HTMLCanvasElement;
}

const greys = new Map<string, Promise<Grey>>();
const photos = new Map<string, Promise<DecodedPhoto>>();

export function decodeGrey(source: string): Promise<Grey> {
  return cached(greys, source, async () => {
    const { context, width, height } = await draw(source);
    const rgba = context.getImageData(0, 0, width, height).data;
    const values = new Uint8Array(width * height);
    for (let i = 0; i < values.length; i++) values[i] = rgba[4 * i] ?? 0;
    return { width, height, values };
  });
}

export function decodePhoto(source: string): Promise<DecodedPhoto> {
  return cached(photos, source, async () => {
    const color = await draw(source);
    const grey = await draw(source);
    const image = grey.context.getImageData(0, 0, grey.width, grey.height);
    const p = image.data;
    for (let i = 0; i < p.length; i += 4) {
      // ITU-R BT.601 luma, as greyscale photographs are usually made.
      p[i] = p[i + 1] = p[i + 2] = 0.299 * p[i]! + 0.587 * p[i + 1]! + 0.114 * p[i + 2]!;
    }
    grey.context.putImageData(image, 0, 0);
    return { color: color.canvas, grey: grey.canvas };
  });
}

function cached<T>(store: Map<string, Promise<T>>, source: string, make: () => Promise<T>): Promise<T> {
  let value = store.get(source);
  if (!value) store.set(source, (value = make()));
  return value;
}

async function draw(source: string) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = document.createElement("canvas");
  const width = (canvas.width = image.naturalWidth);
  const height = (canvas.height = image.naturalHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser has no 2-D canvas");
  context.drawImage(image, 0, 0);
  return { canvas, context, width, height };
}
