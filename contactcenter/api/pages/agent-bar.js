// The bar on top: who I am, how I stand, and the few buttons that change it.

import { byId, fill, h, setText } from "./dom.js";
import { named, t } from "./words.js";

const REASONS = ["break", "lunch", "meeting", "training", "after_hard_contact", "other"];
const MOOD = { ready: "good", not_ready: "warn", not_responding: "bad" };

export class Bar {
  constructor(page) {
    this.page = page;
    this.shown = "";
  }

  draw() {
    const { me, presence } = this.page.desk;
    if (!me) return;
    setText(byId("me"), `${me.name} · ${me.number}`);
    const reason = presence.reason ? ` · ${named("desk.reason", presence.reason)}` : "";
    const state = `${named("desk.presence", presence.state)}${reason}`;
    fill(byId("presence"), h("span", { class: `chip ${MOOD[presence.state] ?? ""}` }, state));
    const capacity = t("desk.capacity", { used: presence.used_units ?? 0, total: presence.capacity ?? 0 });
    setText(byId("capacity"), presence.state === "offline" ? "" : capacity);
    this.drawControls(presence.state);
  }

  /** Only when the state or the language changed, or a half-chosen reason would be lost. */
  drawControls(state) {
    const key = `${state} ${document.documentElement.lang}`;
    if (key === this.shown) return;
    this.shown = key;
    fill(byId("controls"), state === "offline" ? this.offline() : this.online(state));
  }

  offline() {
    const device = h("input", { class: "device", "aria-label": t("desk.device"), placeholder: t("desk.device"), maxlength: 64 });
    return [device, this.button("desk.sign_in", "main", () => this.send("sign_in", device.value ? { device: device.value } : {}))];
  }

  online(state) {
    const reason = h("select", { "aria-label": t("desk.not_ready") },
      REASONS.map((code) => h("option", { value: code }, named("desk.reason", code))));
    return [
      state !== "ready" && this.button("desk.ready", "main", () => this.send("ready")),
      reason,
      this.button("desk.not_ready", "", () => this.send("not_ready", { reason: reason.value })),
      this.button("desk.sign_out", "", () => this.signOut()),
    ];
  }

  button(key, kind, onclick) {
    return h("button", { type: "button", class: kind, onclick }, t(key));
  }

  /** Whether it was done; a refusal is told. */
  async send(type, data = {}) {
    try {
      await this.page.link.send(type, data);
      return true;
    } catch (problem) {
      this.page.tell(problem.message);
      return false;
    }
  }

  /** Who is refused still sits here: his work is in front of him. */
  async signOut() {
    if (await this.send("sign_out")) this.page.goodbye();
  }

  line(state) {
    const open = state === "open";
    const text = t(open ? "desk.connected" : "desk.disconnected");
    fill(byId("line"), h("span", { class: `chip ${open ? "good" : "bad"}` }, text));
  }
}
