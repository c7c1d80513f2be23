// Light, dark, or what the system says; the choice is kept where the browser allows it.
import { h } from "./dom";

type Theme = "auto" | "light" | "dark";
const order: Theme[] = ["auto", "light", "dark"];
const key = "ranklens-theme";

export function themeButton(): HTMLButtonElement {
  let theme = stored();
  const button = h("button", { type: "button", class: "theme", onclick: () => {
    theme = order[(order.indexOf(theme) + 1) % order.length]!;
    show();
    try {
      localStorage.setItem(key, theme);
    } catch { /* a page opened from a file may have no storage */ }
  } });
  const show = () => {
    document.documentElement.dataset.theme = theme;
    button.textContent = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" }[theme];
    button.setAttribute("aria-label", `Colour theme: ${theme}. Change`);
  };
  show();
  return button;
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(key) as Theme | null;
    return value && order.includes(value) ? value : "auto";
  } catch {
    return "auto";
  }
}
