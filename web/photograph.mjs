// See scripts/photograph.
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { palettePng } from "./palette.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "default-out": { type: "string" },
    grid: { type: "string", default: "1" }, // which grid of the page
    verdicts: { type: "string", default: "4" }, // cards, where the page has no table of verdicts
    rows: { type: "string", default: "5" }, // images of a grid with a row each
    width: { type: "string", default: "1280" }, // of the page; the picture has five pixels for four
    dark: { type: "boolean", default: false },
  },
});
const [source, out = values["default-out"]] = positionals;
if (!source) throw new Error("usage: scripts/photograph PAGE.html [OUT.png] [--grid N] [--verdicts N] [--rows N] [--width N] [--dark]");

// Only what a picture can show: no tools, no second grid, the curves in one row.
const after = (part, count) => `${part}:nth-of-type(n + ${Number(count) + 1})`;
const style = `
  nav, .skip, footer, .section-tools, .map-controls, .csv, .notes, .command, #curves > .note, .grid > .note, .arm-verdicts,
  main > section:not(#verdicts, #curves, #maps), #maps > .grid:not(.chosen),
  ${after(".verdict", values.verdicts)}, ${after("table.maps tbody tr", values.rows)} { display: none !important; }
  #page { display: block !important; }
  main { padding: 1.6rem 2rem 1.8rem !important; max-width: none !important; }
  main > section { margin-top: 1.2rem !important; padding-top: 0.8rem !important; gap: 0.7rem !important; }
  .facts { margin-top: 0.8rem !important; }
  .charts.two { grid-template-columns: repeat(4, minmax(0, 1fr)) !important; gap: 1.2rem !important; }
  .table.wide .matrix th[scope="row"] { max-width: none !important; white-space: nowrap; }
  /* 128 pixels of the screen, as many as a small picture's canvas has: no blending, a file half as large. */
  table.maps { --tile: 102.4px; }
  canvas { image-rendering: pixelated; border-radius: 0; }
`;

const browser = await chromium.launch({
  executablePath: process.env.RANKLENS_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
try {
  const page = await browser.newPage({
    viewport: { width: Number(values.width), height: 900 }, deviceScaleFactor: 1.25, colorScheme: values.dark ? "dark" : "light",
  });
  await page.goto(pathToFileURL(source).href);
  await page.evaluate(() => window.ranklensReady);
  await page.evaluate((n) => document.querySelectorAll("#maps > .grid")[n]?.classList.add("chosen"), Number(values.grid) - 1);
  await page.addStyleTag({ content: style });
  // Charts follow the width of their container when the window says that it changed.
  await page.evaluate(() => window.dispatchEvent(new Event("resize")));
  await page.waitForTimeout(500);
  await page.evaluate(() => window.ranklensReady);
  const { width, height, bytes } = await pixels(browser, await page.screenshot({ fullPage: true }));
  const png = palettePng(bytes, width, height);
  writeFileSync(out, png);
  console.log(`${out}: ${width} x ${height}, ${Math.round(png.length / 1000)} kB`);
} finally {
  await browser.close();
}

/** Decodes a PNG in the browser: RGBA bytes. */
async function pixels(browser, png) {
  const page = await browser.newPage();
  const { width, height, text } = await page.evaluate(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, image.width, image.height);
    let text = "";
    for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
    return { width: image.width, height: image.height, text: btoa(text) };
  }, `data:image/png;base64,${png.toString("base64")}`);
  return { width, height, bytes: Buffer.from(text, "base64") };
}
