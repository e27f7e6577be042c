// The chat window for a client's web site: one file, nothing to build, nothing else needed.
//   <script src="https://.../widget.js" data-site="kangjia-web" data-language="zh-CN" async></script>
// It lives in a shadow tree of its own, speaks the visitor's socket (version 1) and shows text as text only.
(() => {
  "use strict";
  const script = document.currentScript;
  const site = script.dataset.site;
  const base = new URL(script.src).origin;
  const wanted = script.dataset.language || document.documentElement.lang || navigator.language;
  const KEPT = `contactcenter.chat.${site}`;
  const SUBPROTOCOL = "contactcenter.visitor.v1";
  const FIRST_WAIT = 500, LONGEST_WAIT = 15000, PING_EVERY = 25000, MAX_TEXT = 4000;
  const NO_RETURN = new Set([1000, 4400, 4404]);

  // --- words, elements ---------------------------------------------------------------------------------

  let language = wanted, texts = {};
  const t = (key, spare = "") => texts[key] ?? spare;

  function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  }

  const STYLE = `
    :host { all: initial; }
    * { box-sizing: border-box; font: 14px/1.5 "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif; }
    [hidden] { display: none !important; }
    .host { --accent: #0b62a8; --ink: #1b2733; --soft: #5a6b7b; --line: #d6dde3; --paper: #fff; --wash: #f1f5f8; --mine: #e1eefa; --bad: #b3261e;
      position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; color: var(--ink); }
    @media (prefers-color-scheme: dark) { .host { --accent: #6db3ec; --ink: #e3e9ee; --soft: #9aabba; --line: #33414f; --paper: #1a222b; --wash: #212b36; --mine: #1d3f5c; --bad: #ff9a90; } }
    button, input, textarea { color: inherit; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); padding: 6px 12px; }
    button { cursor: pointer; } button.main { background: var(--accent); border-color: var(--accent); color: var(--paper); font-weight: 600; }
    button:disabled { opacity: .5; cursor: default; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
    .launch { border-radius: 22px; padding: 10px 20px; box-shadow: 0 4px 16px rgb(0 0 0 / 20%); }
    .window { width: min(370px, calc(100vw - 24px)); height: min(540px, calc(100vh - 40px)); display: flex; flex-direction: column; background: var(--paper);
      border: 1px solid var(--line); border-radius: 12px; overflow: hidden; box-shadow: 0 10px 40px rgb(0 0 0 / 22%); }
    header { display: flex; align-items: center; gap: 8px; padding: 10px 14px; border-bottom: 1px solid var(--line); }
    header h2 { flex: 1; margin: 0; font-size: 15px; font-weight: 600; } header button { padding: 2px 10px; }
    .status { margin: 0; padding: 7px 14px; background: var(--wash); color: var(--soft); font-size: 13px; }
    .status:empty { display: none; } .status.bad { color: var(--bad); }
    form.start { padding: 16px 14px; display: grid; gap: 12px; overflow-y: auto; }
    label { display: grid; gap: 3px; color: var(--soft); font-size: 13px; } label.check { display: flex; gap: 8px; align-items: center; }
    label input:not([type=checkbox]) { width: 100%; color: var(--ink); }
    .log { flex: 1; overflow-y: auto; margin: 0; padding: 12px 14px; display: flex; flex-direction: column; gap: 8px; list-style: none; }
    .log li { max-width: 82%; align-self: flex-start; }
    .log .text { background: var(--wash); border-radius: 10px; padding: 6px 11px; white-space: pre-wrap; overflow-wrap: anywhere; }
    .log .by { font-size: 12px; color: var(--soft); }
    .log .visitor { align-self: flex-end; } .log .visitor .text { background: var(--mine); } .log .visitor .by { text-align: right; }
    .log .system { align-self: center; } .log .system .text { background: none; color: var(--soft); font-size: 12px; padding: 0; }
    .log .waiting .text { opacity: .6; } .log .refused .text { outline: 1px solid var(--bad); }
    form.say { display: flex; gap: 8px; padding: 10px; border-top: 1px solid var(--line); align-items: flex-end; }
    textarea { flex: 1; resize: none; min-width: 0; }`;

  // --- state ----------------------------------------------------------------------------------------------

  const kept = () => { try { return JSON.parse(sessionStorage.getItem(KEPT)) ?? {}; } catch { return {}; } };
  const keep = (change) => sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...change }));
  const forget = () => sessionStorage.removeItem(KEPT);

  let socket, over = false, wait = FIRST_WAIT, last = 0, agent = "", pinger, pause = 0;
  const unsent = new Map();   // say id -> {text, item}: not acknowledged yet
  const shown = new Map();    // number -> item

  // --- the socket -----------------------------------------------------------------------------------------

  async function start(details) {
    try {
      const answer = await fetch(`${base}/v1/chat/${encodeURIComponent(site)}/sessions`, { method: "POST" });
      if (!answer.ok) throw new Error(String(answer.status));
      const { token, session } = await answer.json();
      keep({ token, session, details, draft: [] });
      open();
      ui.text.focus();
    } catch {
      status(t("chat.page.offline"), true);
      ui.begin.disabled = false;
    }
  }

  function open() {
    view("talk");
    const { token, details } = kept();
    const mine = new WebSocket(`${base.replace(/^http/, "ws")}/v1/chat/${encodeURIComponent(site)}/socket`, SUBPROTOCOL);
    socket = mine;
    mine.onopen = () => write({ type: "hello", token, resume_after: last, language, ...details });
    mine.onmessage = (event) => mine === socket && hear(JSON.parse(event.data));
    mine.onclose = (event) => mine === socket && closed(event.code);
  }

  const write = (frame) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame));

  function hear(frame) {
    clearTimeout(pause);
    HEARD[frame.type]?.(frame);
  }

  const HEARD = {
    welcome(frame) {
      wait = FIRST_WAIT;
      speak(frame.language, frame.texts);
      status("");
      ui.send.disabled = false;
      for (const [id, one] of unsent) write({ type: "say", id, text: one.text });
      clearInterval(pinger);
      pinger = setInterval(ping, PING_EVERY);
    },
    queued(frame) { status(frame.text); },
    joined(frame) { agent = frame.agent_number; status(frame.text); },
    left(frame) { agent = ""; status(frame.text); },
    message(frame) { show(frame); },
    ack(frame) { settle(frame.id, frame.number ?? 0); },
    busy(frame) {
      status(frame.text, true);
      wait = Math.max(wait, frame.retry_after * 1000);
      const one = unsent.get(frame.id);
      if (one) setTimeout(() => unsent.has(frame.id) && write({ type: "say", id: frame.id, text: one.text }), frame.retry_after * 1000);
    },
    error(frame) {
      if (frame.code === "unauthorized") { restart(); return; }
      refuse(frame.id);
      status(frame.message, true);
    },
    closed(frame) { over = true; forget(); status(frame.text); view("over"); },
  };

  function ping() {
    write({ type: "ping" });
    pause = setTimeout(() => socket.close(4000), 10000);
  }

  function closed(code) {
    clearInterval(pinger);
    clearTimeout(pause);
    if (over) return;
    if (code === 4401) { restart(); return; }
    ui.send.disabled = true;
    status(t("chat.page.offline"), true);
    if (NO_RETURN.has(code)) return;
    setTimeout(open, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  /** The session is no longer known: begin again with an empty window. */
  function restart() {
    forget();
    socket = undefined;
    [over, last, agent] = [false, 0, ""];
    unsent.clear();
    shown.clear();
    ui.log.replaceChildren();
    status("");
    ui.begin.disabled = false;
    view("start");
  }

  // --- messages -------------------------------------------------------------------------------------------

  function say(text) {
    const id = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    unsent.set(id, { text, item: bubble("visitor waiting", text, "") });
    keepDraft();
    write({ type: "say", id, text });
  }

  /** What was said and not acknowledged survives a reload of the page; its id keeps it from being said twice. */
  const keepDraft = () => keep({ draft: [...unsent].map(([id, one]) => [id, one.text]) });

  function show(message) {
    if (shown.has(message.number)) return;
    last = Math.max(last, message.number);
    const item = (message.sender === "visitor" && own(message)) || bubble("", message.text, "");
    item.className = message.sender;
    const who = message.sender === "agent" ? message.agent_number || agent : "";
    item.querySelector(".by").textContent = [who, clock(message.at)].filter(Boolean).join(" · ");
    shown.set(message.number, item);
    ui.log.append(item);
    ui.log.scrollTop = ui.log.scrollHeight;
  }

  /** The bubble of a message that this page wrote itself: by its id, else the oldest of the same words. */
  function own(message) {
    const id = unsent.has(message.id) ? message.id : [...unsent].find(([, one]) => !message.id && one.text === message.text)?.[0];
    const item = unsent.get(id)?.item;
    if (item) { unsent.delete(id); keepDraft(); }
    return item;
  }

  /** Stored. The bubble is done when its message is there too; until then it waits for it under its id. */
  function settle(id, number) {
    const one = unsent.get(id);
    if (!one) return;
    one.item.className = "visitor";
    if (!shown.has(number)) return;
    one.item.remove();
    unsent.delete(id);
    keepDraft();
  }

  function refuse(id) {
    const one = unsent.get(id);
    if (!one) return;
    one.item.className = "visitor refused";
    unsent.delete(id);
    keepDraft();
  }

  function bubble(kind, text, by) {
    const words = h("div", { class: "text" });
    words.textContent = text;
    const item = h("li", { class: kind }, words, h("div", { class: "by" }, by));
    ui.log.append(item);
    ui.log.scrollTop = ui.log.scrollHeight;
    return item;
  }

  const clock = (at) => { const when = new Date(at); return Number.isNaN(when.getTime()) ? "" : when.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false }); };

  // --- the window -----------------------------------------------------------------------------------------

  const ui = {};

  function build() {
    ui.launch = h("button", { class: "launch main", type: "button", "aria-expanded": "false", onclick: () => toggle(true) });
    ui.title = h("h2", { id: "title" });
    ui.fold = h("button", { type: "button", onclick: () => toggle(false) }, "–");
    ui.leave = h("button", { type: "button", onclick: leave });
    ui.status = h("p", { class: "status", role: "status", "aria-live": "polite" });
    buildStart();
    ui.log = h("ol", { class: "log", role: "log", "aria-live": "polite", tabindex: "0" });
    ui.text = h("textarea", { rows: "2", maxlength: String(MAX_TEXT), onkeydown: typed });
    ui.send = h("button", { class: "main", type: "submit", disabled: true });
    ui.say = h("form", { class: "say", onsubmit: submit }, ui.text, ui.send);
    ui.again = h("form", { class: "say", onsubmit: (event) => { event.preventDefault(); restart(); } }, h("button", { class: "main", type: "submit" }));
    ui.window = h("section", { class: "window", role: "dialog", "aria-labelledby": "title", onkeydown: (event) => event.key === "Escape" && toggle(false) },
      h("header", {}, ui.title, ui.leave, ui.fold), ui.status, ui.start, ui.log, ui.say, ui.again);
    const root = h("div");
    const shadow = ui.shadow = root.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();   // a style sheet object: no inline style, so a strict policy of the site stands
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(h("div", { class: "host" }, ui.launch, ui.window));
    document.body.append(root);
  }

  function buildStart() {
    ui.labels = ["name", "contact_point", "topic", "complaint"].map((name) => h("span", { "data-text": `chat.page.${name}` }));
    const [name, point, topic, complaint] = ui.labels;
    ui.fields = { name: h("input", { maxlength: "100", autocomplete: "name" }), contact_point: h("input", { maxlength: "200" }), topic: h("input", { maxlength: "200" }) };
    ui.complaint = h("input", { type: "checkbox" });
    ui.begin = h("button", { class: "main", type: "submit" });
    ui.start = h("form", { class: "start", onsubmit: begin }, h("label", {}, name, ui.fields.name), h("label", {}, point, ui.fields.contact_point),
      h("label", {}, topic, ui.fields.topic), h("label", { class: "check" }, ui.complaint, complaint), ui.begin);
  }

  function begin(event) {
    event.preventDefault();
    ui.begin.disabled = true;
    const details = Object.fromEntries(Object.entries(ui.fields).map(([name, field]) => [name, field.value.trim()]));
    const topic = details.topic;
    if (ui.complaint.checked) details.topic = "complaint";
    start(details).then(() => { if (topic && kept().token) say(topic); });
  }

  function submit(event) {
    event.preventDefault();
    const text = ui.text.value.trim();
    if (!text || ui.send.disabled) return;
    ui.text.value = "";
    say(text);
    ui.text.focus();
  }

  function typed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    ui.say.requestSubmit();
  }

  function leave() {
    write({ type: "leave" });
  }

  function toggle(open) {
    ui.window.hidden = !open;
    ui.launch.hidden = open;
    ui.launch.setAttribute("aria-expanded", String(open));
    keep({ unfolded: open });
    if (open) (ui.start.hidden ? ui.text : ui.fields.name).focus();
    else ui.launch.focus();
  }

  /** start: the few questions; talk: the conversation; over: it has ended. */
  function view(name) {
    const focused = ui.shadow.activeElement;
    ui.start.hidden = name !== "start";
    ui.log.hidden = name === "start";
    ui.say.hidden = ui.leave.hidden = name !== "talk";
    ui.again.hidden = name !== "over";
    if (focused?.closest("[hidden]")) ({ start: ui.fields.name, talk: ui.text, over: ui.again.firstChild })[name].focus();
  }

  function status(text, bad = false) {
    if (ui.status.textContent !== text) ui.status.textContent = text ?? "";
    ui.status.classList.toggle("bad", bad);
  }

  function speak(code, words) {
    if (!words || !Object.keys(words).length) return;
    [language, texts] = [code, words];
    ui.window.lang = ui.launch.lang = code;
    for (const label of ui.labels) label.textContent = t(label.dataset.text);
    ui.title.textContent = ui.launch.textContent = t("chat.page.title", "Chat");
    ui.begin.textContent = ui.again.firstChild.textContent = t("chat.page.start", "Start");
    ui.send.textContent = t("chat.page.send", "Send");
    ui.leave.textContent = t("chat.page.leave", "Leave");
    ui.text.setAttribute("aria-label", t("chat.page.say"));
    ui.text.placeholder = t("chat.page.say");
    ui.fold.setAttribute("aria-label", t("chat.page.fold", "–"));
  }

  async function arrive() {
    build();
    view("start");
    const { token, draft, unfolded } = kept();
    ui.window.hidden = !unfolded;
    ui.launch.hidden = Boolean(unfolded);
    try {
      const answer = await fetch(`${base}/v1/chat/${encodeURIComponent(site)}/texts?lang=${encodeURIComponent(wanted)}`);
      const labels = await answer.json();
      speak(labels.language, labels.texts);
    } catch { /* the welcome frame brings them too */ }
    if (!token) return;
    for (const [id, text] of draft ?? []) unsent.set(id, { text, item: bubble("visitor waiting", text, "") });
    open();
  }

  if (document.body) arrive();
  else document.addEventListener("DOMContentLoaded", arrive);
})();
