import { defineConfig, type Plugin } from "vite";

// The built page carries its policy with it: whatever it holds, the browser lets it ask nothing of any network.
const policy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; " +
  "form-action 'none'; base-uri 'none'";

/** Puts the one script and the one style sheet of the build into index.html, so that the page is a single file. */
function singleFile(): Plugin {
  return {
    name: "single-file",
    enforce: "post",
    apply: "build",
    generateBundle(_options, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("the build has no index.html");
      let html = String(page.source);
      for (const [name, part] of Object.entries(bundle)) {
        if (name === "index.html") continue;
        const path = `(?:\\./|/)?${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`;
        const [tag, inlined] =
          part.type === "chunk"
            ? [new RegExp(`<script[^>]*src="${path}"[^>]*></script>`), scriptTag(part.code)]
            : [new RegExp(`<link[^>]*href="${path}"[^>]*>`), `<style>${String(part.source)}</style>`];
        if (!tag.test(html)) throw new Error(`index.html does not use ${name}: it cannot be inlined`);
        // The script reads the page's data, which stands in the body: it goes last.
        html = part.type === "chunk"
          ? html.replace(tag, "").replace("</body>", () => `${inlined}\n</body>`)
          : html.replace(tag, () => inlined);
        delete bundle[name];
      }
      page.source = html.replace(
        "<head>", () => `<head>\n<meta http-equiv="Content-Security-Policy" content="${policy}">`);
    },
  };
}

function scriptTag(code: string): string {
  return `<script type="module">${code.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "\\x3C!--")}</script>`;
}

export default defineConfig({
  base: "./",
  plugins: [singleFile()],
  build: {
    target: "es2022",
    assetsInlineLimit: 1 << 30,
    cssCodeSplit: false,
    modulePreload: false,
    chunkSizeWarningLimit: 4096,
  },
});
