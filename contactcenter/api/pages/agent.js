// The agent's page: signs in, keeps the desk and its views together. All state comes from the socket.

import { byId, fill, h } from "./dom.js";
import { language, languageSwitch, speak, t, translate } from "./words.js";
import { Desk, isTheirs } from "./agent-desk.js";
import { Link } from "./agent-link.js";
import { Bar } from "./agent-bar.js";
import { Contacts } from "./agent-contacts.js";
import { Offers } from "./agent-offers.js";
import { drawCard } from "./agent-card.js";
import { Panel } from "./agent-panel.js";

const KEPT = "contactcenter.agent.token";

class Page {
  constructor() {
    this.desk = new Desk();
    this.panels = new Map();
    this.selected = "";
    this.wanted = "";
    this.unread = new Map();
    this.bar = new Bar(this);
    this.offers = new Offers(this);
    this.contacts = new Contacts(this);
    byId("sign-in").addEventListener("submit", (event) => this.submitted(event));
    document.addEventListener("keydown", (event) => this.pressed(event));
    setInterval(() => this.tick(), 500);
  }

  async start() {
    await speak();
    this.relabel();
    const token = tokenOfAddress() || sessionStorage.getItem(KEPT);
    if (token) this.connect(token);
    else this.showSignIn();
  }

  // --- signing in ------------------------------------------------------------------------------------

  submitted(event) {
    event.preventDefault();
    this.connect(byId("token").value.trim());
  }

  connect(token) {
    sessionStorage.setItem(KEPT, token);
    this.link?.close();
    this.desk = new Desk();
    this.link = new Link({
      token,
      language: language(),
      on: { frame: (frame) => this.hear(frame), state: (state, problem) => this.lineChanged(state, problem) },
    });
    this.link.open();
  }

  showSignIn(problem = "") {
    for (const [id, hidden] of [["sign-in", false], ["bar", true], ["desk", true]]) byId(id).hidden = hidden;
    byId("sign-in-problem").textContent = problem;
    byId("token").value = "";
    byId("token").focus();
  }

  lineChanged(state, problem) {
    if (state === "refused") {
      sessionStorage.removeItem(KEPT);
      this.showSignIn(problem.message || t("desk.error.bad_token"));
      return;
    }
    if (state === "open") for (const [id, hidden] of [["sign-in", true], ["bar", false], ["desk", false]]) byId(id).hidden = hidden;
    this.bar.line(state);
  }

  /** Leaves the desk for good: the token is forgotten. */
  goodbye() {
    this.link.close();
    sessionStorage.removeItem(KEPT);
    this.desk = new Desk();
    this.panels.clear();
    this.draw();
    this.showSignIn();
  }

  // --- what is heard ---------------------------------------------------------------------------------

  hear(frame) {
    const news = this.desk.apply(frame);
    if (news.assigned) this.pop(news.assigned);
    if (news.gap) this.readMessages(news.gap, news.after);
    if (news.fresh) for (const contact of this.panels.keys()) this.readMessages(contact);
    if (frame.type === "message" && frame.contact !== this.selected && isTheirs(frame.sender)) {
      this.unread.set(frame.contact, (this.unread.get(frame.contact) ?? 0) + 1);
    }
    this.draw();
  }

  /** A call pops up at once; written work only when it was asked for or nothing else is at hand. */
  pop(contact) {
    const { medium } = this.desk.contacts.get(contact);
    const asked = this.wanted === contact || !this.desk.contacts.has(this.selected);
    if (asked || medium === "voice") this.select(contact);
    else this.unread.set(contact, (this.unread.get(contact) ?? 0) + 1);
  }

  async readMessages(contact, after = 0) {
    const card = this.desk.contacts.get(contact);
    if (!card || (card.medium !== "chat" && card.medium !== "mail")) return;
    try {
      const answer = await this.link.send("messages", { contact, after });
      const messages = answer.messages ?? [];
      this.desk.addMessages(contact, messages);
      this.draw();
      if (answer.more && messages.length) this.readMessages(contact, messages.at(-1).number);
    } catch (problem) {
      this.tell(problem.message);
    }
  }

  tell(text) {
    this.desk.apply({ type: "notice", code: "page", text });
    this.drawNotices();
  }

  // --- drawing ---------------------------------------------------------------------------------------

  select(contact) {
    this.selected = contact;
    this.unread.delete(contact);
    if (!this.panels.has(contact)) {
      this.panels.set(contact, new Panel(this, contact));
      this.readMessages(contact);
    }
    fill(byId("work"), this.panels.get(contact).element);
    this.draw();
  }

  draw() {
    for (const contact of this.panels.keys()) if (!this.desk.contacts.has(contact)) this.panels.delete(contact);
    if (!this.desk.contacts.has(this.selected)) this.selectAnother();
    this.bar.draw();
    this.offers.draw();
    this.contacts.draw();
    for (const panel of this.panels.values()) panel.draw();
    drawCard(byId("card"), this.desk.contacts.get(this.selected));
    this.drawNotices();
  }

  selectAnother() {
    const next = this.desk.contacts.keys().next();
    this.selected = "";
    if (next.done) fill(byId("work"), h("p", { class: "empty" }, t("desk.nothing_to_do")));
    else this.select(next.value);
  }

  drawNotices() {
    fill(byId("notices"), this.desk.notices.map((notice) => h("div", { class: "notice" },
      h("span", {}, notice.text),
      h("button", { type: "button", "aria-label": t("desk.dismiss"), onclick: () => this.dismiss(notice) }, "×"))));
  }

  dismiss(notice) {
    this.desk.notices = this.desk.notices.filter((other) => other !== notice);
    this.drawNotices();
  }

  tick() {
    this.offers.tick();
    this.contacts.tick();
    for (const panel of this.panels.values()) panel.tick();
  }

  relabel() {
    translate();
    document.title = t("desk.title");
    for (const holder of document.querySelectorAll("[data-languages]")) {
      languageSwitch(holder, () => this.languageChanged());
    }
  }

  languageChanged() {
    this.relabel();
    this.panels.clear();
    if (this.selected) this.select(this.selected);
    if (this.link && !this.link.ended) this.connect(this.link.token);
  }

  /** Alt+1..9 picks a contact, Alt+A and Alt+D answer the first offer. */
  pressed(event) {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const contact = [...this.desk.contacts.keys()][Number(event.key) - 1];
    if (contact) this.select(contact);
    else if (event.code === "KeyA") this.offers.first("accept");
    else if (event.code === "KeyD") this.offers.first("decline");
    else return;
    event.preventDefault();
  }
}

/** The token of #token=...; it leaves the address at once, so that it is in no history. */
function tokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

new Page().start();
