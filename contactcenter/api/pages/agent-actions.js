// What an agent can do with a contact: each action is a small form, described as data.

import { h } from "./dom.js";
import { named, t } from "./words.js";
import { CONSULTED } from "./agent-desk.js";

const KINDS = ["consult", "repair", "complaint", "claim"];
const CAUSES = ["product_quality", "repair_quality", "network_defect", "staff_mistake", "staff_service",
  "policy_disagreement", "beyond_the_firm", "different_yardstick", "over_demand"];
const REASONS = ["customer_asks_leader", "refusals", "over_limit", "three_agents", "severity", "other"];
const RESULTS = ["reached", "no_answer", "busy", "wrong_number", "declined"];
const RECORDING = ["on", "pause", "off"];
const NO_REPLY = ["spam", "automatic", "answered_elsewhere", "nothing_asked"];

const line = (name, more = {}) => ({ name, ...more });
const choice = (name, options, prefix, more = {}) => ({ name, options, prefix, ...more });
const theCase = { name: "case", cases: true };

/** Fields by action; the name of a field is the name in the command. `on`: which media have it. */
const ACTIONS = {
  dial: { on: ["callback"], fields: [] },
  hold: { on: ["voice"], fields: [] },
  resume: { on: ["voice"], fields: [] },
  consult: { on: ["voice"], fields: [line("agent"), line("view")] },
  join: { on: ["voice"], fields: [] },
  leave: { on: ["voice"], fields: [] },
  record: { on: ["voice"], fields: [choice("state", RECORDING, "desk.recording_state")] },
  hang_up: { on: ["voice"], fields: [] },
  transfer: { fields: [line("view"), line("agent"), line("reason", { wide: true })] },
  open_case: { fields: [choice("kind", KINDS, "desk.case_kind"), line("subject")] },
  complain: {
    fields: [
      line("summary", { wide: true, long: true, required: true }),
      choice("cause", ["", ...CAUSES], "desk.cause"),
      line("desired_remedy"),
      line("accused", { wide: true }),
    ],
  },
  escalate: { needsCase: true, fields: [theCase, choice("reason", REASONS, "desk.trigger"), line("note", { wide: true })] },
  close_case: { needsCase: true, fields: [theCase, choice("outcome", ["resolved", "gave_up"], "desk.case_state"), line("proof", { wide: true })] },
  note: { needsCase: true, fields: [theCase, line("text", { wide: true, long: true, required: true })] },
  finish: { fields: [] },
};

const FINISH = {
  mail: [choice("no_reply_reason", ["", ...NO_REPLY], "desk.no_reply", { wide: true })],
  callback: [choice("result", RESULTS, "desk.result", { wide: true })],
};

/** What the agent may make of a callback that is over: he alone knows who answered, or that anybody did when its end was lost. */
export const CORRECTIONS = ["", "reached", "wrong_number", "declined"];

/** What needs the customer: over when the wrap-up begins. */
const LIVE = ["dial", "transfer", "finish", "hold", "resume", "consult", "join", "leave", "record", "hang_up"];

/** `consult`: that of this call, if there is one. Who is consulted may only leave. */
export function actionsFor(card, wrapping, consult) {
  if (card.state === CONSULTED) return ["leave"];
  return Object.entries(ACTIONS)
    .filter(([name, action]) => (!action.on || action.on.includes(card.medium)) && (!action.needsCase || card.cases?.length)
      && !(wrapping && LIVE.includes(name)) && fitsConsult(name, consult))
    .map(([name]) => name);
}

function fitsConsult(name, consult) {
  if (name === "join") return consult?.state === "talking";
  if (name === "leave") return Boolean(consult);
  return !(consult && ["consult", "transfer"].includes(name));
}

/** The form of an action; a refusal stands beside the field it names. */
export function actionForm({ page, card, name, done }) {
  const fields = [...ACTIONS[name].fields, ...(name === "finish" ? FINISH[card.medium] ?? [] : [])];
  const built = fields.map((field) => fieldOf(field, card));
  const problem = h("p", { class: "problem wide", role: "alert" });
  const submit = h("button", { type: "submit", class: "main" }, t(name === "complain" ? "desk.raise_complaint" : `desk.${name}`));
  const form = h("form", { class: "action-form" }, built.map((one) => one.element), problem, h("div", { class: "wide row" }, submit,
    h("button", { type: "button", onclick: done }, t("desk.cancel"))));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    const refused = await carryOut({ page, card, name, built });
    submit.disabled = false;
    if (refused) show(refused, built, problem);
    else done();
  });
  return form;
}

async function carryOut({ page, card, name, built }) {
  const data = Object.fromEntries(built.map(({ field, input }) => [field.name, input.value.trim()]).filter(([, value]) => value !== ""));
  if (!("case" in data)) data.contact = card.contact;
  try {
    const answer = await page.link.send(name, data);
    if (answer.number) page.tell(`${t("desk.case")} ${answer.number}`);
    return null;
  } catch (problem) {
    return problem;
  }
}

function show(refused, built, problem) {
  for (const one of built) one.problem.textContent = one.field.name === refused.field ? refused.message : "";
  const placed = built.some((one) => one.field.name === refused.field);
  problem.textContent = placed ? "" : refused.message;
  built.find((one) => one.field.name === refused.field)?.input.focus();
}

function fieldOf(field, card) {
  const input = inputOf(field, card);
  const problem = h("span", { class: "problem", role: "alert" });
  const element = h("label", { class: `field${field.wide ? " wide" : ""}` }, h("span", {}, t(`desk.field.${field.name}`)), input, problem);
  return { field, input, problem, element };
}

function inputOf(field, card) {
  if (field.cases) {
    return h("select", { name: field.name }, card.cases.map((one) => h("option", { value: one.id }, [one.number ?? one.id, one.subject].filter(Boolean).join(" · "))));
  }
  if (field.options) {
    return h("select", { name: field.name }, field.options.map((code) => h("option", { value: code }, code ? named(field.prefix, code) : "—")));
  }
  const attributes = { name: field.name, maxlength: 2000, required: field.required };
  return field.long ? h("textarea", { rows: 2, ...attributes }) : h("input", attributes);
}
