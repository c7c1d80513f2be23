// Opens a sample page and watches it: what it logs and what it asks of the network.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { expect, type Page } from "@playwright/test";

const pages = process.env["RANKLENS_PAGES"] ?? "../build/release/browser";

export interface Watched {
  errors: string[];
  requests: string[];
}

function watch(page: Page, url: string): Watched {
  const watched: Watched = { errors: [], requests: [] };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") watched.errors.push(message.text());
  });
  page.on("pageerror", (error) => watched.errors.push(String(error)));
  page.on("request", (request) => {
    const asked = request.url();
    if (asked !== url && !asked.startsWith("data:") && !asked.startsWith("blob:")) watched.requests.push(asked);
  });
  return watched;
}

export async function open(page: Page, name: string, width: number, height = 900): Promise<Watched> {
  const url = pathToFileURL(`${pages}/${name}.html`).href;
  const watched = watch(page, url);
  await page.setViewportSize({ width, height });
  await page.goto(url);
  await page.evaluate(() => window.ranklensReady);
  return watched;
}

/** Opens a sample page with other data in it. */
export async function openChanged(page: Page, name: string, change: (data: any) => void): Promise<Watched> {
  const watched = watch(page, "about:blank");
  const html = await readFile(`${pages}/${name}.html`, "utf8");
  const changed = html.replace(/(id="data">)(.*?)(<\/script>)/s, (_all, before: string, text: string, after: string) => {
    const data = JSON.parse(text);
    change(data);
    return before + JSON.stringify(data).replaceAll("<", "\\u003c") + after;
  });
  await page.setViewportSize({ width: 1600, height: 900 });
  await page.setContent(changed);
  await page.evaluate(() => window.ranklensReady);
  return watched;
}

/** Fails if the page can be scrolled sideways, and says what sticks out. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const wide = await page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll("main *")]
      .filter((element) => !element.closest(".scroll") && element.getBoundingClientRect().right > clientWidth + 1)
      .map((element) => `${element.tagName}.${element.className} ${element.getBoundingClientRect().right}`)
      .concat(`document ${scrollWidth} > ${clientWidth}`);
  });
  expect(wide).toEqual([]);
}

/** The different colours that a canvas shows, as 0xRRGGBB: a blank one has one. */
export function colors(canvas: import("@playwright/test").Locator): Promise<number[]> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const { data } = (element as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
    const seen = new Set<number>();
    for (let i = 0; i < data.length; i += 4) seen.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
    return [...seen];
  });
}
