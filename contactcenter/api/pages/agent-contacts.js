// The list of my contacts, to switch between them.

import { byId, fill, h, setText } from "./dom.js";
import { seconds, secondsUntil } from "./clock.js";
import { t } from "./words.js";
import { chips } from "./agent-card.js";

export class Contacts {
  constructor(page) {
    this.page = page;
    this.shown = "";
    this.clocks = [];
  }

  draw() {
    const { desk, selected, unread } = this.page;
    const cards = [...desk.contacts.values()];
    const key = JSON.stringify([cards, selected, [...unread], [...desk.wrapUps], document.documentElement.lang]);
    if (key === this.shown) return;
    this.shown = key;
    this.clocks = [];
    fill(byId("contacts"), cards.map((card, index) => this.entry(card, index)));
    this.tick();
  }

  entry(card, index) {
    const wrapUp = this.page.desk.wrapUps.get(card.contact);
    const unread = this.page.unread.get(card.contact);
    const clock = h("span", { class: "number" });
    if (wrapUp) this.clocks.push({ clock, until: wrapUp.until });
    return h("button", {
      type: "button",
      class: "entry",
      "aria-current": String(card.contact === this.page.selected),
      "aria-keyshortcuts": `Alt+${index + 1}`,
      onclick: () => this.page.select(card.contact),
    },
      h("span", { class: "row spread" }, h("strong", {}, card.customer_name || t("desk.unknown_customer")),
        unread ? h("span", { class: "unread" }, String(unread)) : null),
      h("span", { class: "row" }, chips(card),
        wrapUp || card.state === "wrap_up" ? h("span", { class: "chip warn" }, t("desk.wrap_up"), " ", clock) : null),
      h("span", { class: "line soft" }, [card.client_name, card.subject].filter(Boolean).join(" · ")));
  }

  tick() {
    for (const { clock, until } of this.clocks) setText(clock, seconds(Math.ceil(secondsUntil(until))));
  }
}
