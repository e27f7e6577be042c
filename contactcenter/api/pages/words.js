// The texts of a page in one language, from the service's catalogue (GET /v1/texts).

import { noteServerDate } from "./clock.js";

export const LANGUAGES = { "zh-CN": "中文", en: "English" };
const KEPT = "contactcenter.language";
let texts = {};
let current = "";

export function language() {
  return current || localStorage.getItem(KEPT) || (navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en");
}

/** Loads the catalogue; a page without it still works, with the keys' last words as labels. */
export async function speak(wanted = language()) {
  current = wanted in LANGUAGES ? wanted : "en";
  localStorage.setItem(KEPT, current);
  document.documentElement.lang = current;
  try {
    const answer = await fetch(`/v1/texts?lang=${encodeURIComponent(current)}`);
    noteServerDate(answer.headers.get("Date"));
    const body = await answer.json();
    texts = body.texts ?? body;
  } catch {
    texts = {};
  }
}

/** The text of a key with {name} filled in. */
export function t(key, values = {}) {
  const text = texts[key] ?? key.split(".").at(-1).replaceAll("_", " ");
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The text of a code below a prefix, or the code itself: ids of a configuration have no texts. */
export function named(prefix, code) {
  return texts[`${prefix}.${code}`] ?? code ?? "";
}

/** Fills the page's own labels: data-text, data-label (aria-label) and data-placeholder hold keys. */
export function translate(root = document) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  for (const element of root.querySelectorAll("[data-placeholder]")) element.setAttribute("placeholder", t(element.dataset.placeholder));
}

/** The language switch: one button per language, the present one pressed. */
export function languageSwitch(holder, changed) {
  holder.replaceChildren();
  for (const [code, name] of Object.entries(LANGUAGES)) {
    const button = document.createElement("button");
    button.type = "button";
    button.lang = code;
    button.textContent = name;
    button.setAttribute("aria-pressed", String(code === language()));
    button.addEventListener("click", async () => {
      await speak(code);
      languageSwitch(holder, changed);
      changed();
    });
    holder.append(button);
  }
}
