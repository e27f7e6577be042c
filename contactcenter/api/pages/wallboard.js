// The wallboard: the queue by client and view, the seats by lease, the day so far. Visibly stale when nothing is heard.

import { byId, fill, h } from "./dom.js";
import { seconds, time } from "./clock.js";
import { languageSwitch, named, speak, t, translate } from "./words.js";
import { Feed } from "./wallboard-feed.js";

const KEPT = "contactcenter.wallboard.token";
const STALE_AFTER = 5000;
const TIERS = ["platinum", "gold", "iron", "lead"];
const ORDINARY = "iron";

let feed = null;
let board = null;
let extras = {};
let heardAt = 0;

async function start() {
  await speak();
  relabel();
  byId("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    connect(byId("token").value.trim());
  });
  setInterval(age, 500);
  const token = tokenOfAddress() || sessionStorage.getItem(KEPT);
  if (token) connect(token);
  else ask("");
}

function connect(token) {
  sessionStorage.setItem(KEPT, token);
  feed?.close();
  feed = new Feed(token, {
    board(fresh) {
      board = normal(fresh);
      heardAt = performance.now();
      byId("sign-in").hidden = true;
      byId("board").hidden = false;
      draw();
    },
    extras(fresh) {
      extras = fresh;
      if (board) draw();
    },
    refused(message) {
      sessionStorage.removeItem(KEPT);
      ask(message || t("error.unauthorized"));
    },
  });
  feed.open();
}

function ask(problem) {
  board = null;
  byId("sign-in").hidden = false;
  byId("board").hidden = true;
  byId("sign-in-problem").textContent = problem;
  byId("token").focus();
}

/** Tiers may come by name or best first; the balance alone or with its parts. */
function normal(fresh) {
  const tiers = (line) => (Array.isArray(line.by_tier) ? line.by_tier : TIERS.map((tier) => line.by_tier?.[tier] ?? 0));
  const views = (fresh.queues ?? fresh.views ?? []).map((line) => ({ ...line, held: line.held ?? 0, by_tier: tiers(line) }));
  return { at: fresh.at, views, seats: fresh.seats ?? [], today: fresh.today ?? {}, imbalance: fresh.conservation?.imbalance ?? fresh.imbalance ?? 0 };
}

// --- drawing ---------------------------------------------------------------------------------------------

function draw() {
  fill(byId("tiles"), tiles());
  drawQueues();
  drawSeats();
  age();
}

function tiles() {
  const sum = (name) => board.views.reduce((total, line) => total + line[name], 0);
  const oldest = Math.max(0, ...board.views.map((line) => line.oldest_wait_s));
  const breached = sum("breached");
  const held = sum("held");
  const levels = byLevel();
  const today = (kind) => board.today[kind] ?? 0;
  return [
    tile("ops.waiting", sum("waiting") - held, { detail: held ? t("ops.held", { count: held }) : "" }),
    tile("ops.oldest", seconds(oldest)),
    tile("ops.expected_error", ...off(extras.report?.expected_wait_error, extras.report?.expected_wait_kept)),
    tile("ops.breached", breached, { mood: breached ? "bad" : "" }),
    tile("ops.within_two", ...share(extras.report?.within_2_rings)),
    tile("ops.within_three", ...share(extras.report?.within_3_rings)),
    tile("ops.blocked", today("contact.blocked"), { detail: t("ops.today") }),
    tile("ops.overflowed", today("contact.overflowed"), { detail: t("ops.today") }),
    tile("ops.abandoned", today("contact.ended.abandoned"), { detail: t("ops.today") }),
    tile("ops.complaints", Object.values(levels).reduce((one, other) => one + other, 0),
      { detail: Object.entries(levels).map(([level, count]) => `L${level}: ${count}`).join("  ") }),
    tile("ops.imbalance", board.imbalance, { mood: board.imbalance ? "bad" : "good" }),
  ];
}

function tile(key, value, { detail = "", mood = "" } = {}) {
  return h("div", { class: `tile ${mood}`, "data-tile": key },
    h("div", { class: "label" }, t(key)), h("div", { class: "value" }, String(value)), h("div", { class: "detail" }, detail));
}

function share(share) {
  if (!share || share.value === null || share.value === undefined) return ["–"];
  return [`${(share.value * 100).toFixed(1)} %`, { detail: `${share.numerator} / ${share.denominator}` }];
}

/** How far off what callers were told was today, and how many were answered within the bound. */
function off(error, kept) {
  if (error?.value_s == null) return ["–"];
  return [seconds(error.value_s), { detail: `≤ ${share(kept)[0]}` }];
}

/** Open complaints by level; without leave to see them, those of today. */
function byLevel() {
  if (!extras.complaints) return extras.report?.complaints_by_level ?? {};
  const counts = {};
  for (const { level } of extras.complaints) counts[level] = (counts[level] ?? 0) + 1;
  return counts;
}

function drawQueues() {
  const heads = ["ops.waiting", "ops.oldest", "ops.expected", "ops.offered", "ops.active", "ops.wrap_up", "ops.breached"];
  const rows = board.views.map((line) => [
    name(line.client), name(line.view), name(named("desk.medium", line.medium)),
    waiting(line), h("td", {}, seconds(line.oldest_wait_s)), expected(line), count(line.offered), count(line.active), count(line.wrap_up),
    count(line.breached, "bad"), ...line.by_tier.map((value) => count(value)),
  ]);
  fill(byId("queues"), h("caption", {}, t("ops.queue")),
    head([["desk.client", 1], ["ops.view", 1], ["ops.medium", 1]], [...heads, ...TIERS.map((tier) => `desk.tier_label.metal.${tier}`)]),
    h("tbody", {}, rows.length ? rows.map((cells) => h("tr", {}, cells)) : h("tr", {}, h("td", { class: "name", colspan: 14 }, t("ops.nobody_waits")))));
}

/** Who may be served now; callbacks that nobody may call yet are told on pointing. */
function waiting({ waiting, held }) {
  const cell = count(waiting - held, "warn");
  if (held) cell.title = t("ops.held", { count: held });
  return cell;
}

/** What an ordinary customer who came now would be told; the other tiers on pointing. Nothing known is no number. */
function expected(line) {
  const told = (tier) => line.expected_wait?.[tier] ?? {};
  const known = TIERS.filter((tier) => told(tier).expected_s != null);
  const detail = known.map((tier) => t("ops.expected_detail", {
    tier: t(`desk.tier_label.metal.${tier}`), expected: seconds(told(tier).expected_s), most: seconds(told(tier).at_most_s),
  }));
  const ordinary = told(ORDINARY);
  const text = ordinary.expected_s == null ? "–" : `${seconds(ordinary.expected_s)} ≤ ${seconds(ordinary.at_most_s)}`;
  return h("td", { class: known.length ? "" : "zero", title: detail.join("\n") }, text);
}

function drawSeats() {
  const states = ["ready", "busy", "not_ready", "not_responding"];
  fill(byId("seats"), h("caption", {}, t("ops.seats")),
    head([["desk.client", 1], ["ops.lease", 1]], states.map((state) => `ops.${state}`)),
    h("tbody", {}, board.seats.map((line) => h("tr", {}, name(line.client), name(line.lease),
      count(line.ready), count(line.busy), count(line.not_ready), count(line.not_responding, "bad")))));
}

function head(names, figures) {
  return h("thead", {}, h("tr", {}, names.map(([key]) => h("th", { class: "name", scope: "col" }, t(key))),
    figures.map((key) => h("th", { scope: "col" }, t(key)))));
}

function name(text) {
  return h("td", { class: "name" }, text);
}

function count(value, mood = "") {
  return h("td", { class: value ? mood : "zero" }, String(value));
}

// --- age -------------------------------------------------------------------------------------------------

function age() {
  if (!board) return;
  const stale = performance.now() - heardAt > STALE_AFTER;
  document.body.classList.toggle("stale", stale);
  byId("updated").textContent = t("ops.updated", { at: time(board.at) });
  fill(byId("line"), h("span", { class: `chip ${stale ? "bad" : "good"}` }, t(stale ? "ops.stale" : "desk.connected")));
}

function relabel() {
  translate();
  document.title = t("ops.title");
  for (const holder of document.querySelectorAll("[data-languages]")) {
    languageSwitch(holder, () => {
      relabel();
      if (board) draw();
    });
  }
}

function tokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

start();
