// A picture in 256 colours as a PNG: a third of the size that the browser's own screenshot has.
import { deflateSync } from "node:zlib";

/** RGBA bytes to an indexed PNG; colours by median cut (Heckbert 1982), transparency is dropped. */
export function palettePng(rgba, width, height) {
  const counts = new Map();
  for (let i = 0; i < rgba.length; i += 4) {
    const color = (rgba[i] << 16) | (rgba[i + 1] << 8) | rgba[i + 2];
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const colors = [...counts].map(([color, count]) => ({ rgb: channels(color), color, count })).sort((a, b) => b.count - a.count);
  // Paper, panels and ink stay exactly what they are.
  const flat = colors.slice(0, 24).map((color) => [color]);
  const boxes = [...flat, ...medianCut(colors.slice(24), 256 - flat.length)];
  const place = new Map(boxes.flatMap((box, index) => box.map(({ color }) => [color, index])));
  // A row is a filter byte (none) and an index a pixel.
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      rows[y * (width + 1) + 1 + x] = place.get((rgba[i] << 16) | (rgba[i + 1] << 8) | rgba[i + 2]);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits, indexed
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header), chunk("PLTE", Buffer.from(boxes.flatMap(mean))),
    chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0)),
  ]);
}

const channels = (color) => [color >> 16, (color >> 8) & 255, color & 255];

function mean(box) {
  const total = box.reduce((sum, { count }) => sum + count, 0);
  return [0, 1, 2].map((c) => Math.round(box.reduce((sum, { rgb, count }) => sum + rgb[c] * count, 0) / total));
}

/** Splits the box with the widest channel at its median distinct colour until there are `most` boxes. */
function medianCut(colors, most) {
  const measured = (box) => {
    const ranges = [0, 1, 2].map((c) => {
      let [low, high] = [255, 0];
      for (const { rgb } of box) [low, high] = [Math.min(low, rgb[c]), Math.max(high, rgb[c])];
      return high - low;
    });
    const range = Math.max(...ranges);
    return { box, range, channel: ranges.indexOf(range) };
  };
  const boxes = colors.length > 0 ? [measured(colors)] : [];
  while (boxes.length > 0 && boxes.length < most) {
    const widest = boxes.reduce((best, one, i) => (one.range * one.box.length > boxes[best].range * boxes[best].box.length ? i : best), 0);
    const { box, range, channel } = boxes[widest];
    if (range === 0) break;
    box.sort((a, b) => a.rgb[channel] - b.rgb[channel]);
    const half = box.length >> 1;
    boxes.splice(widest, 1, measured(box.slice(0, half)), measured(box.slice(half)));
  }
  return boxes.map(({ box }) => box);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc(body), body.length + 4);
  return framed;
}

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}
