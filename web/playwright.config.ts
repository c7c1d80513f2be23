import { defineConfig } from "@playwright/test";

// The installed Chromium, with a fresh profile for each run and nothing that calls home.
export default defineConfig({
  testDir: "tests",
  outputDir: process.env["RANKLENS_PAGES"] ? `${process.env["RANKLENS_PAGES"]}/results` : "node_modules/.results",
  timeout: 60_000,
  workers: 1,
  reporter: "list",
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath: process.env["RANKLENS_CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync"],
    },
  },
});
