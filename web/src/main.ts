import "./style.css";
import { chartsReady } from "./chart";
import { readData, Report } from "./data";
import { h } from "./dom";
import { Gallery } from "./gallery";
import { pageView } from "./page";

declare global {
  interface Window {
    /** Resolves when all charts and pictures are drawn: for tests and for printing programs. */
    ranklensReady?: Promise<void>;
  }
}

const place = document.getElementById("page")!;
const data = readData();
if (typeof data === "string") {
  place.append(h("main", {}, h("h1", {}, "ranklens report"), h("p", { class: "notice" }, data)));
} else {
  document.title = data.title;
  const gallery = new Gallery(new Report(data));
  place.append(...pageView(gallery));
  window.ranklensReady = chartsReady().then(() => gallery.ready());
}
