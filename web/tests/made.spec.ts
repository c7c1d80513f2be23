// Pages that the program itself wrote, from networks it trained: tests/browser/make_pages.
import { expect, test } from "@playwright/test";
import { colors, expectNoSidewaysScroll, open } from "./open";

const quiet = { errors: [], requests: [] };

test("a study's page: its command, its verdicts, its curves, its maps", async ({ page }) => {
  const watched = await open(page, "made/study/report", 1600);
  await expect(page.locator(".command")).toHaveText(
    "ranklens study --quiet --threads 2 --data scenes:train=96,test=32 --arms dense,tt --seeds 2 --epochs 2 --width 8 --batch 32 " +
    "--images test:6 --methods 'gradcam,smoothgrad(samples=2)' --out study");
  await expect(page.locator(".verdict")).toHaveCount(8);
  await expect(page.locator("#curves .plot svg.marks")).toHaveCount(4);
  // Two bonds and the inner core of the heads.
  await expect(page.locator("#charts .plot svg.marks")).toHaveCount(3);
  await expect(page.locator("[data-table='arms'] tbody tr").nth(1)).toContainText("), tt(out=");
  for (const stage of ["train", "validate", "other"]) {
    await expect(page.locator("[data-table='stages'] tbody th", { hasText: new RegExp(`^${stage}$`) })).toHaveCount(1);
  }
  await expect(page.locator(".grid.rows .note")).toContainText("the networks of seed 1");
  expect(await page.locator("main").innerText()).not.toMatch(/NaN|undefined|null|[^\w]-\d/);
  await expectNoSidewaysScroll(page);
  expect(watched).toEqual(quiet);
});

test("the browser of a study's page says what each arm takes the image for", async ({ page }) => {
  const watched = await open(page, "made/study/report", 1600);
  await page.locator(".thumbnails .tile").nth(1).click();
  const dialog = page.locator("dialog.browser");
  await expect(dialog.locator(".prediction")).toHaveCount(2);
  for (const line of await dialog.locator(".prediction").all()) await expect(line).toHaveText(/^says [a-z]+, \d+\.\d %/);
  await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
  await expect(dialog.locator("canvas")).toHaveCount(1 + 2 * 2);
  for (const canvas of await dialog.locator("canvas").all()) expect((await colors(canvas)).length).toBeGreaterThan(20);
  expect(watched).toEqual(quiet);
});

test("the page of explain stands where it was asked for", async ({ page }) => {
  const watched = await open(page, "made/explained", 400);
  await expect(page.locator(".command")).toContainText("--report explained.html");
  await expect(page.locator(".classes")).toHaveCount(4);
  expect(await page.locator("#maps canvas").count()).toBeGreaterThanOrEqual(4 * 3);
  await expectNoSidewaysScroll(page);
  expect(watched).toEqual(quiet);
});
