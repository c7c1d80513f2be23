import { readFile } from "node:fs/promises";
import { expect, test, type Page } from "@playwright/test";
import { colors, expectNoSidewaysScroll, open, openChanged } from "./open";

for (const width of [400, 1600]) {
  for (const name of ["study", "photograph", "plain"]) {
    test(`${name} at ${width} px: drawn, quiet, no request, no sideways scroll`, async ({ page }) => {
      const watched = await open(page, name, width);
      await expectNoSidewaysScroll(page);
      if (name === "study") {
        // Four training curves, five charts and a dot plot a metric.
        await expect(page.locator("#curves .plot svg.marks")).toHaveCount(4);
        await expect(page.locator("#charts .plot svg.marks")).toHaveCount(5);
        await expect(page.locator("#metrics .plot svg.marks")).toHaveCount(10);
        for (const plot of await page.locator(".plot svg.marks").all()) {
          expect(await plot.locator("path, line").count()).toBeGreaterThan(10);
        }
      }
      expect(watched).toEqual({ errors: [], requests: [] });
    });
  }
}

test("beside the pointer a mean of whole numbers has its digit, and a place its name", async ({ page }) => {
  await open(page, "study", 1600);
  const tooltip = page.locator("#vg-tooltip-element");
  const ranks = page.locator("#charts figure", { hasText: "Ranks, summed" }).locator("svg.marks");
  await ranks.hover();
  await expect(tooltip).toContainText(/mean:?\s*45\.7/);
  await expect(tooltip).toContainText(/lowest seed:?\s*45(?![.\d])/);
  await page.locator("#charts").getByLabel("every seed").check();
  await ranks.hover();
  await expect(tooltip).toContainText(/value:?\s*4[56](?![.\d])/);
  const trade = page.locator("#charts figure", { hasText: "Accuracy over the weights saved" }).locator("svg.marks");
  await trade.hover();
  await expect(tooltip).toContainText(/place:?\s*tau-\d/);
});

test("verdicts come first, each with its outcome and interval", async ({ page }) => {
  await open(page, "study", 1600);
  const ids = await page.locator("main > section").evaluateAll((all) => all.map((section) => section.id));
  expect(ids).toEqual(["verdicts", "curves", "charts", "arms", "maps", "metrics", "images", "tables", "time", "configuration"]);
  const cards = page.locator(".verdict");
  await expect(cards).toHaveCount(6);
  await expect(cards.nth(0)).toHaveClass(/contradicted/);
  // 1.3 -+ t(2) s / sqrt(3), t(2) = 4.303, s = 0.1082.
  await expect(cards.nth(0)).toContainText("+1.300");
  await expect(cards.nth(0)).toContainText("95 % interval [1.031, 1.569]");
  await expect(cards.nth(0)).toContainText("accuracies agree: 83.6 % against 84.3 %");
  await expect(cards.nth(1)).toHaveClass(/supported/);
  await expect(cards.nth(2)).toContainText("preliminary: supported");
  await expect(cards.nth(3)).toContainText("accuracies differ");
  await expect(cards.nth(4)).toContainText("no interval: fewer than two seeds");
});

test("all verdicts at a glance: a claim a row, an arm a column, each leading to its card", async ({ page }) => {
  await open(page, "study", 1600);
  const matrix = page.locator("table.matrix");
  await expect(matrix.locator("thead th")).toHaveText([/Claim/, /^tt \(the paper's two layers\)accuracies agree: 83.6 %/, /^low-rank/]);
  await expect(matrix.locator("tbody tr")).toHaveCount(5);
  const localised = matrix.locator("tbody tr").nth(1);
  await expect(localised.locator("td").nth(0)).toContainText("✓ supported+0.0430 [0.0227, 0.0633]");
  await expect(localised.locator("td").nth(1)).toContainText("? undecided");
  await expect(matrix.locator("tbody tr").nth(0).locator("td").nth(1)).toHaveText("–");
  // The card of a folded group unfolds when its outcome is followed.
  const group = page.locator("details.arm-verdicts").nth(1);
  await group.evaluate((details) => details.removeAttribute("open"));
  await expect(group.locator(".verdict")).toBeHidden();
  await localised.locator("td").nth(1).getByRole("link").click();
  await expect(group.locator(".verdict")).toBeVisible();
  await expect(group.locator(".verdict")).toBeInViewport();
});

test("on paper nothing is folded away and nothing is left to press", async ({ page }) => {
  await open(page, "study", 1600);
  const group = page.locator("details.arm-verdicts").nth(1);
  await group.evaluate((details) => details.removeAttribute("open"));
  await page.emulateMedia({ media: "print" });
  await expect(group.locator(".verdict h4")).toBeVisible();
  expect(await group.locator(".verdict").evaluate((card) => card.getBoundingClientRect().height)).toBeGreaterThan(40);
  for (const control of ["nav", ".csv", ".choice", "input[type=range]"]) {
    for (const part of await page.locator(control).all()) await expect(part).toBeHidden();
  }
  const paper = await page.pdf({ format: "A4" });
  expect(paper.length).toBeGreaterThan(100_000);
});

test("axis labels of the plots do not overlap", async ({ page }) => {
  for (const width of [400, 1600]) {
    await open(page, "study", width);
    const overlaps = await page.locator(".plot svg.marks").evaluateAll((plots) => plots.flatMap((plot) => {
      const texts = [...plot.querySelectorAll("text")].filter((text) => text.textContent && getComputedStyle(text).opacity !== "0");
      const boxes = texts.map((text) => text.getBoundingClientRect());
      return boxes.flatMap((a, i) => boxes.slice(i + 1).flatMap((b, j) =>
        a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2
          ? [`${texts[i]!.textContent} / ${texts[i + 1 + j]!.textContent}`] : []));
    }));
    expect(overlaps).toEqual([]);
  }
});

test("curves change from epochs to seconds and from bands to seeds", async ({ page }) => {
  await open(page, "study", 1600);
  const first = page.locator("#curves .plot").first();
  await expect(first).toContainText("epoch");
  const lines = () => first.locator(".mark-line path").count();
  expect(await lines()).toBe(5);
  await page.getByLabel("seconds of training").check();
  await expect(page.locator("#curves .plot").first()).toContainText("seconds of training");
  await page.locator("#curves").getByLabel("every seed").check();
  await expect.poll(lines).toBe(15);
});

test("ticks of a loss that hardly changes can be told apart", async ({ page }) => {
  await openChanged(page, "study", (data) => {
    for (const curve of data.curves) curve.train_loss = curve.train_loss.map((loss: number) => 2.3 + loss / 1000);
  });
  const labels = page.locator("#curves .plot").first().locator('[aria-label^="Y-axis"] .role-axis-label text');
  const texts = await labels.allTextContents();
  expect(texts.length).toBeGreaterThan(2);
  expect(new Set(texts).size).toBe(texts.length);
});

test("a single epoch is drawn as points with their ranges", async ({ page }) => {
  await openChanged(page, "study", (data) => {
    for (const curve of data.curves) {
      for (const [key, value] of Object.entries(curve)) if (Array.isArray(value)) curve[key] = value.slice(0, 1);
    }
  });
  const first = page.locator("#curves .plot").first();
  const points = first.locator(".mark-symbol path");
  await expect(points).toHaveCount(5);
  for (const point of await points.all()) expect(await point.getAttribute("opacity")).not.toBe("0");
  await expect(first.locator(".mark-rule.role-mark line")).toHaveCount(5);
  await expect(first.locator(".role-axis-label").first()).toContainText(/^1/);
  await expect(first).not.toContainText("1.000000");
});

test("with one seed the plots have points, no intervals, and the console stays silent", async ({ page }) => {
  const watched = await openChanged(page, "study", (data) => {
    const seed = data.curves[0].seed;
    data.curves = data.curves.filter((curve: any) => curve.seed === seed);
    for (const score of data.scores) {
      for (const value of Object.values<any>(score.values)) Object.assign(value, { low: null, high: null, n: 1 });
    }
  });
  const plots = page.locator("#metrics .plot svg.marks");
  await expect(plots).toHaveCount(10);
  for (const plot of await plots.all()) expect(await plot.locator(".mark-symbol path").count()).toBeGreaterThan(0);
  expect(watched.errors).toEqual([]);
});

test("a click opens an image with all maps of all arms; keys browse", async ({ page }) => {
  const watched = await open(page, "study", 1600);
  await page.locator(".tiles .tile[data-image='65']").first().click();
  const dialog = page.locator("dialog.browser");
  await expect(dialog).toBeVisible();
  await expect(dialog.locator("h2")).toContainText("65");
  await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
  // The image, three methods for each of five arms (one a control), and three controls without an arm.
  await expect(dialog.locator("canvas")).toHaveCount(1 + 5 * 3 + 3);
  for (const canvas of await dialog.locator("canvas").all()) expect((await colors(canvas)).length).toBeGreaterThan(20);
  await expect(dialog.locator(".browser-arm").nth(1)).toContainText("says");
  await page.keyboard.press("ArrowRight");
  await expect(dialog.locator("h2")).toContainText("66");
  await page.keyboard.press("End");
  await expect(dialog.locator("h2")).toContainText("32 of 32");
  await page.keyboard.press("ArrowRight");
  await expect(dialog.locator("h2")).toContainText("1 of 32");
  await dialog.getByRole("button", { name: "Previous image" }).click();
  await expect(dialog.locator("h2")).toContainText("32 of 32");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  // Focus is back where it was.
  await expect(page.locator(".tiles .tile[data-image='65']").first()).toBeFocused();
  expect(watched.errors).toEqual([]);
});

test("the thumbnails are one tab stop, moved in by arrows, opened by Enter", async ({ page }) => {
  await open(page, "study", 1600);
  const tiles = page.locator("#images .tile");
  expect(await tiles.evaluateAll((all) => all.filter((tile) => (tile as HTMLElement).tabIndex === 0).length)).toBe(1);
  await tiles.first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(tiles.nth(2)).toBeFocused();
  expect(await tiles.nth(2).evaluate((tile) => getComputedStyle(tile).outlineStyle)).toBe("solid");
  await page.keyboard.press("Enter");
  await expect(page.locator("dialog.browser h2")).toContainText("66");
});

test("colours, strength and view of the maps are one choice for the page", async ({ page }) => {
  await open(page, "study", 1600);
  const map = page.locator(".tiles [data-line='gradcam'] canvas").first();
  const pixels = () => map.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const settled = async (change: () => Promise<unknown>) => {
    const before = await pixels();
    await change();
    await expect.poll(pixels).not.toBe(before);
  };
  await settled(() => page.locator("#maps").getByLabel("Colours").selectOption("jet"));
  await settled(() => page.locator("#maps").getByLabel("Strength").fill("0.2"));
  await settled(() => page.locator("#maps").getByLabel("map alone").check());
  // Jet's ends, and nothing of the photograph or of the outline once that is off.
  await settled(() => page.locator("#maps").getByLabel("Outline of the object").uncheck());
  const seen = await colors(map);
  expect(seen).toContain(0x800000);
  expect(seen).toContain(0x000080);
  await settled(() => page.locator("#maps").getByLabel("minus dense").check());
});

async function download(page: Page, name: string): Promise<string> {
  const started = page.waitForEvent("download");
  await page.locator(`[data-csv='${name}']`).first().click();
  const file = await started;
  expect(file.suggestedFilename()).toBe(`${name}.csv`);
  return readFile((await file.path())!, "utf8");
}

test("tables leave the page as CSV", async ({ page }) => {
  await open(page, "study", 1600);
  const arms = (await download(page, "arms")).trim().split("\r\n");
  expect(arms[0]).toContain("Arm,Accuracy,Accuracy low,Accuracy high,Accuracy n,Parameters,Compression,");
  expect(arms[1]).toMatch(/^dense,0\.84/);
  expect(arms[1]).toContain(",551146,");
  expect(arms[2]).toContain('"tt(out=8x4x4,in=16x16x8,r=16)"');
  expect(arms).toHaveLength(6);
  expect((await download(page, "curves")).trim().split("\r\n")).toHaveLength(1 + 5 * 3 * 20);
  expect(await download(page, "classes")).toContain('"a ""quoted"", <b>bold</b> class </script>",0.81,0.79');
  expect(await download(page, "verdicts")).toContain("Its maps are more localised,supported,");
  expect((await download(page, "images")).trim().split("\r\n")).toHaveLength(1 + 32 * 18);
});

test("markup in names stays text", async ({ page }) => {
  await open(page, "study", 1600);
  await expect(page.locator("[data-table='classes'] tbody th").first())
    .toHaveText('a "quoted", <b>bold</b> class </script>');
  await expect(page.locator("[data-table='classes'] b")).toHaveCount(0);
});

test("dark and light, by the system and by the button", async ({ page }) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = "rgb(20, 23, 26)";
  const light = "rgb(255, 255, 255)";
  await page.emulateMedia({ colorScheme: "dark" });
  await open(page, "study", 1600);
  expect(await paper()).toBe(dark);
  const theme = page.locator("button.theme");
  await theme.click();
  expect(await paper()).toBe(light);
  await theme.click();
  await page.emulateMedia({ colorScheme: "light" });
  expect(await paper()).toBe(dark);
  const stroke = await page.locator("#curves .mark-line path").first().evaluate((path) => getComputedStyle(path).stroke);
  expect(stroke).toBe("rgb(207, 213, 219)");
  // On paper always light.
  await page.emulateMedia({ media: "print" });
  expect(await paper()).toBe(light);
});

test("a long heading stays within the navigation beside the page", async ({ page }) => {
  await open(page, "study", 1600);
  const [link, nav] = await page.locator("nav").evaluate((nav) => {
    const link = nav.querySelector("li a")!;
    link.textContent = "Entanglement of the head, ranks, and what truncations cut off";
    return [link.getBoundingClientRect().right, nav.getBoundingClientRect().right];
  });
  expect(link).toBeLessThanOrEqual(nav!);
});

test("a drawn figure is shown as it was drawn", async ({ page }) => {
  await open(page, "photograph", 1600);
  const figure = page.locator("#figures figure");
  await expect(figure).toHaveCount(1);
  await expect(figure).toContainText("A moving square");
  expect(await figure.locator("img").evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([120, 40]);
});

test("one photograph: its classes and its maps", async ({ page }) => {
  await open(page, "photograph", 1600);
  await expect(page.locator(".classes li")).toHaveCount(5);
  await expect(page.locator(".classes li").first()).toContainText("tabby, tabby cat");
  await expect(page.locator(".classes li").first()).toContainText("61.2 %");
  await expect(page.locator(".large canvas")).toHaveCount(4);
  for (const canvas of await page.locator(".large canvas").all()) expect((await colors(canvas)).length).toBeGreaterThan(20);
  const ids = await page.locator("main > section").evaluateAll((all) => all.map((section) => section.id));
  expect(ids).toEqual(["figures", "predictions", "maps", "time", "configuration"]);
});
