// The screen-pop: everything an agent needs before the first word, so that nobody asks twice.

import { fill, h } from "./dom.js";
import { day, moment, secondsUntil } from "./clock.js";
import { named, t } from "./words.js";

const RANK = { platinum: "accent", gold: "warn" };
const OVERDUE = "bad";

/** Medium, tier, complaint and language at a glance. */
export function chips(card) {
  return [
    h("span", { class: "chip" }, named("desk.medium", card.medium)),
    card.tier && h("span", { class: `chip ${RANK[card.tier] ?? ""}` }, card.tier_label || card.tier),
    card.complaint && h("span", { class: "chip bad" }, t("desk.complaint")),
    card.language && h("span", { class: "chip" }, languageName(card.language)),
  ];
}

export function waited(card) {
  return card.enqueued_at ? -secondsUntil(card.enqueued_at) : 0;
}

let shown = "";

export function drawCard(element, card) {
  const key = JSON.stringify([card, document.documentElement.lang]);
  if (key === shown) return;
  shown = key;
  fill(element, card ? [customer(card), context(card), cases(card), history(card), records(card)] : []);
}

function customer(card) {
  return box(null,
    h("div", { class: "row spread" },
      h("span", { class: "customer-name" }, card.customer_name || t("desk.unknown_customer")),
      card.tier && h("span", { class: `chip ${RANK[card.tier] ?? ""}` }, card.tier_label || card.tier)),
    facts([
      ["desk.client", card.client_name],
      ["desk.language", card.language && languageName(card.language)],
      ["desk.from", card.address],
      ["desk.tenure_since", card.customer_since && day(card.customer_since)],
      ["desk.subject", card.subject],
      ["desk.due", card.deadline && due(card.deadline)],
      ["desk.why", card.why],
    ]));
}

function context(card) {
  const rows = Object.entries(card.context ?? {}).filter(([, value]) => value !== "" && value !== null);
  if (!rows.length) return null;
  return box("desk.known", facts(rows.map(([name, value]) => [`desk.${name}`, plain(value)])));
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (value !== null && typeof value === "object") return Object.values(value).map(plain).join(" ");
  return String(value);
}

function cases(card) {
  if (!card.cases?.length) return null;
  return box("desk.cases", h("ul", { class: "list" }, card.cases.map((one) => h("li", {},
    h("div", { class: "row" }, h("strong", {}, one.number ?? one.id), h("span", { class: "chip" }, named("desk.case_kind", one.kind)),
      one.level !== undefined && one.kind === "complaint" && h("span", { class: "chip bad" }, `L${one.level}`)),
    h("div", {}, one.subject ?? ""),
    h("div", { class: "soft" }, named("desk.case_state", one.state), one.due_at ? [" · ", due(one.due_at)] : null)))));
}

function history(card) {
  const rows = card.history ?? [];
  return box("desk.history", rows.length
    ? h("ul", { class: "list" }, rows.map((one) => h("li", {},
      h("div", { class: "row" }, h("span", { class: "chip" }, named("desk.medium", one.medium)), h("span", { class: "soft number" }, moment(one.opened_at)),
        one.agent_number && h("span", { class: "soft" }, one.agent_number)),
      h("div", {}, [one.subject, named("desk.end", one.outcome)].filter(Boolean).join(" · ")))))
    : h("p", { class: "soft" }, t("desk.no_history")));
}

function records(card) {
  if (!card.records?.length) return null;
  return box("desk.records_title", h("ul", { class: "list" }, card.records.map((one) => h("li", {},
    h("span", { class: "soft" }, named("desk.records", one.kind), " · ", day(one.at)), h("div", {}, one.summary ?? "")))));
}

function box(key, ...children) {
  return h("section", { class: "panel-box" }, key && h("h2", {}, t(key)), ...children);
}

function facts(rows) {
  return h("dl", { class: "facts" }, rows.filter(([, value]) => value).map(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)]));
}

function due(instant) {
  const late = secondsUntil(instant) < 0;
  return h("span", { class: late ? `chip ${OVERDUE}` : "" }, moment(instant), late ? ` ${t("desk.overdue")}` : "");
}

/** The spoken language alone: 中文, 粤语, English. */
function languageName(code) {
  try {
    return new Intl.DisplayNames([document.documentElement.lang], { type: "language" }).of(code.split("-")[0]) ?? code;
  } catch {
    return code;
  }
}
