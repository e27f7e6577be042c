// What is offered to me now: who, why me, and how long the offer lives.

import { byId, fill, h, setText } from "./dom.js";
import { seconds, secondsUntil } from "./clock.js";
import { t } from "./words.js";
import { chips, waited } from "./agent-card.js";

export class Offers {
  constructor(page) {
    this.page = page;
    this.clocks = [];
    this.shown = "";
  }

  draw() {
    const offers = [...this.page.desk.offers.values()];
    const key = JSON.stringify([offers, this.page.desk.presence.device, document.documentElement.lang]);
    if (key === this.shown) return;
    this.shown = key;
    this.clocks = [];
    fill(byId("offers"), offers.map((offer) => this.offer(offer)));
    this.tick();
  }

  offer(offer) {
    const { card } = offer;
    const clock = h("span", { class: "countdown", role: "timer" });
    this.clocks.push({ clock, until: offer.expires_at });
    const ringing = this.page.desk.presence.device && card.medium === "voice";
    return h("article", { class: `offer${card.complaint ? " complaint" : ""}`, "data-offer": offer.offer },
      h("div", { class: "row spread" }, h("h3", {}, card.client_name), clock),
      h("div", { class: "row" }, chips(card), offer.consult_by && h("span", { class: "chip accent" }, `${t("desk.consult")} · ${offer.consult_by}`)),
      h("div", {}, card.customer_name || t("desk.unknown_customer"), card.subject ? ` · ${card.subject}` : ""),
      h("div", { class: "why" }, t("desk.waited"), " ", seconds(waited(card)), card.why ? ` · ${card.why}` : ""),
      h("div", { class: "row" },
        h("button", { type: "button", class: "main grow", onclick: () => this.answer("accept", offer) }, t(ringing ? "desk.ring_me" : "desk.accept")),
        h("button", { type: "button", onclick: () => this.answer("decline", offer) }, t("desk.decline"))));
  }

  first(answer) {
    const offer = this.page.desk.offers.values().next().value;
    if (offer) this.answer(answer, offer);
  }

  async answer(type, offer) {
    if (type === "accept") this.page.wanted = offer.contact;
    try {
      await this.page.link.send(type, { offer: offer.offer });
    } catch (problem) {
      this.page.tell(problem.message);
    }
  }

  tick() {
    for (const { clock, until } of this.clocks) {
      const left = secondsUntil(until);
      setText(clock, seconds(Math.ceil(left)));
      clock.classList.toggle("late", left < 5);
    }
  }
}
