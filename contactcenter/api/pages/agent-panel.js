// One contact at work: what to say first, the conversation, the reply, the actions, the wrap-up.

import { fill, h, setText } from "./dom.js";
import { seconds, secondsUntil, time } from "./clock.js";
import { named, t } from "./words.js";
import { CORRECTIONS, actionsFor, actionForm } from "./agent-actions.js";
import { chips } from "./agent-card.js";
import { isTheirs } from "./agent-desk.js";

const WRITTEN = new Set(["chat", "mail"]);

export class Panel {
  constructor(page, contact) {
    this.page = page;
    this.contact = contact;
    this.shown = { head: "", body: "", actions: "" };
    this.head = h("div", { class: "work-head" });
    this.body = h("div", { class: "work-body", role: "log", "aria-live": "polite", "aria-label": t("desk.reply"), tabindex: 0 });
    this.wrapUp = h("div", { class: "wrap-up", hidden: true });
    this.reply = this.replyBox();
    this.actions = h("div", { class: "actions" });
    this.area = h("div");
    this.element = h("div", { class: "panel" }, this.head, this.body, this.wrapUp, this.reply, this.actions);
  }

  get card() {
    return this.page.desk.contacts.get(this.contact);
  }

  draw() {
    const { card } = this;
    if (!card) return;
    const wrapping = this.page.desk.wrapUps.has(this.contact) || card.state === "wrap_up";
    const consult = this.page.desk.consults.get(this.contact);
    this.changed("head", [card, consult ?? null], () => this.drawHead(card, consult));
    this.changed("body", [card.medium, this.page.desk.messages(this.contact)], () => this.drawBody(card));
    this.changed("actions", [card.medium, card.state, card.cases ?? [], card.complaint, wrapping, consult?.state], () => this.drawActions(card, wrapping, consult));
    this.reply.hidden = !WRITTEN.has(card.medium) || wrapping;
    this.wrapUp.hidden = !wrapping;
  }

  changed(part, values, draw) {
    const key = JSON.stringify(values);
    if (key === this.shown[part]) return;
    this.shown[part] = key;
    draw();
  }

  drawHead(card, consult) {
    fill(this.head,
      h("div", { class: "row" }, h("h3", {}, card.client_name), chips(card), h("span", { class: "soft" }, card.subject ?? ""),
        consult && h("span", { class: "chip accent", "data-consult": consult.state }, `${consult.by} → ${consult.agent}: ${t(`desk.consulting.${consult.state}`)}`)),
      h("p", { class: "greeting", lang: card.language || undefined, "aria-label": t("desk.greeting") }, card.greeting));
  }

  // --- the conversation ------------------------------------------------------------------------------

  drawBody(card) {
    const messages = this.page.desk.messages(this.contact);
    const low = this.body.scrollHeight - this.body.scrollTop - this.body.clientHeight < 60;
    fill(this.body, messages.map((message) => this.message(message, card)));
    if (low) requestAnimationFrame(() => { this.body.scrollTop = this.body.scrollHeight; });
  }

  message(message, card) {
    const theirs = isTheirs(message.sender);
    const kind = theirs ? "" : message.sender === "system" ? " system" : " ours";
    const by = theirs ? card.customer_name || t("desk.customer") : message.agent || "";
    return h("div", { class: `message${kind}${card.medium === "mail" ? " mail" : ""}` },
      message.sender !== "system" && h("span", { class: "by number" }, [by, time(message.at)].filter(Boolean).join(" · ")),
      h("div", { class: "text" }, message.text));
  }

  // --- the reply -------------------------------------------------------------------------------------

  replyBox() {
    const mail = this.card?.medium === "mail";
    this.text = h("textarea", { rows: mail ? 5 : 2, maxlength: 20000, "aria-label": t("desk.reply"), placeholder: t("desk.reply"), onkeydown: (event) => this.typed(event, mail) });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.sendButton = h("button", { type: "button", class: "main", onclick: () => this.say() }, t("desk.send"));
    return h("div", { class: "reply" }, this.problem, h("div", { class: "row" }, this.text, this.sendButton));
  }

  /** Enter sends a chat message, Ctrl+Enter a mail; an Enter that ends Chinese input does neither. */
  typed(event, mail) {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey || (mail && !event.ctrlKey)) return;
    event.preventDefault();
    this.say();
  }

  async say() {
    const text = this.text.value.trim();
    if (!text || this.sendButton.disabled) return;
    this.sendButton.disabled = true;
    this.complain("");
    try {
      const answer = await this.page.link.send("say", { contact: this.contact, text });
      this.text.value = "";
      this.complain((answer.warnings ?? []).map(warningText).join("\n"), true);
    } catch (problem) {
      this.complain(problem.message);
    } finally {
      this.sendButton.disabled = false;
      this.text.focus();
    }
  }

  complain(text, warning = false) {
    this.problem.classList.toggle("problem", !warning);
    this.problem.classList.toggle("warning", warning);
    setText(this.problem, text);
  }

  // --- actions and wrap-up ---------------------------------------------------------------------------

  /** A form that is open stays open, with what was written in it, as long as its action is still possible. */
  drawActions(card, wrapping, consult) {
    const names = actionsFor(card, wrapping, consult);
    this.buttons = names.map((name) => h("button", {
      type: "button",
      "data-action": name,
      onclick: () => this.open(this.area.dataset.action === name ? "" : name),
    }, t(`desk.${name === "complain" ? "raise_complaint" : name}`)));
    fill(this.actions, h("div", { class: "row" }, this.buttons), this.area);
    if (names.includes(this.area.dataset.action)) this.press();
    else this.open("");
    this.clock = h("span", { class: "number" });
    this.correction = card.medium === "callback" ? correctionOf() : null;
    fill(this.wrapUp, h("strong", {}, t("desk.wrap_up")), this.clock, this.correction,
      h("button", { type: "button", class: "main", onclick: () => this.wrappedUp() }, t("desk.wrapped_up")));
    this.tick();
  }

  open(name) {
    this.area.dataset.action = name;
    this.press();
    fill(this.area, name && actionForm({ page: this.page, card: this.card, name, done: () => this.open("") }));
    this.area.querySelector("input, select, textarea, button")?.focus();
  }

  press() {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.action === this.area.dataset.action));
  }

  async wrappedUp() {
    try {
      const result = this.correction?.value ?? "";
      await this.page.link.send("wrap_up_done", { contact: this.contact, ...(result && { result }) });
    } catch (problem) {
      this.page.tell(problem.message);
    }
  }

  tick() {
    const wrapUp = this.page.desk.wrapUps.get(this.contact);
    if (this.clock) setText(this.clock, wrapUp ? seconds(Math.ceil(secondsUntil(wrapUp.until))) : "");
  }
}

function correctionOf() {
  return h("select", { name: "result", "aria-label": t("desk.correction") },
    CORRECTIONS.map((code) => h("option", { value: code }, code ? named("desk.result", code) : t("desk.correction"))));
}

function warningText(warning) {
  return `${warning.phrase} → ${warning.suggestion}`;
}
