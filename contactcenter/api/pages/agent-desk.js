// What the desk believes: one state, changed by frames alone. `apply(snapshot)` replaces everything.

/** A customer's message, whatever the channel calls him. */
export function isTheirs(sender) {
  return sender !== "agent" && sender !== "system";
}

/** Of a card: I talk on this call, and it is not mine. */
export const CONSULTED = "consulted";

/** Notices that say how something stands: the newest is right, those before it only push others out. */
const STANDS = new Set(["unstaffed"]);

export class Desk {
  constructor() {
    this.me = null;
    this.presence = { state: "offline" };
    this.offers = new Map();
    this.contacts = new Map();
    this.consults = new Map();
    this.conversations = new Map();
    this.wrapUps = new Map();
    this.notices = [];
  }

  /** Changes the state. Returns what a view may want to know: {gap: contact} asks for the messages again. */
  apply(frame) {
    const change = CHANGES[frame.type];
    return (change && change(this, frame)) || {};
  }

  conversation(contact) {
    if (!this.conversations.has(contact)) this.conversations.set(contact, new Map());
    return this.conversations.get(contact);
  }

  messages(contact) {
    return [...this.conversation(contact).values()].sort((one, other) => one.number - other.number);
  }

  lastNumber(contact) {
    return Math.max(0, ...this.conversation(contact).keys());
  }

  addMessages(contact, messages) {
    for (const message of messages) this.conversation(contact).set(message.number, message);
  }
}

const CHANGES = {
  welcome(desk, frame) {
    desk.me = frame;
  },

  snapshot(desk, frame) {
    desk.presence = frame.presence;
    desk.offers = new Map((frame.offers ?? []).map((offer) => [offer.offer, offer]));
    desk.contacts = new Map((frame.contacts ?? []).map((card) => [card.contact, card]));
    desk.consults = new Map();
    for (const consult of frame.consults ?? []) CHANGES.consult(desk, { consult });
    for (const contact of desk.wrapUps.keys()) if (!desk.contacts.has(contact)) desk.wrapUps.delete(contact);
    return { fresh: true };
  },

  /** What was missed has come: only the conversations must be read again. */
  resumed() {
    return { fresh: true };
  },

  presence(desk, frame) {
    desk.presence = frame.presence;
  },

  offer(desk, frame) {
    desk.offers.set(frame.offer.offer, frame.offer);
    return { offered: frame.offer };
  },

  offer_ended(desk, frame) {
    desk.offers.delete(frame.offer);
  },

  assigned(desk, frame) {
    for (const [id, offer] of desk.offers) if (offer.contact === frame.card.contact) desk.offers.delete(id);
    desk.contacts.set(frame.card.contact, frame.card);
    desk.wrapUps.delete(frame.card.contact);
    return { assigned: frame.card.contact };
  },

  /** A change of what I have or am offered; of anything else I know nothing. */
  contact(desk, frame) {
    const { card } = frame;
    for (const offer of desk.offers.values()) if (offer.contact === card.contact) offer.card = card;
    if (desk.contacts.has(card.contact)) desk.contacts.set(card.contact, card);
  },

  /** Of my call, or with its card: a colleague's call on which I talk. It stands among mine until it is over. */
  consult(desk, { consult }) {
    const { contact, card, state } = consult;
    if (state !== "ended") desk.consults.set(contact, consult);
    else desk.consults.delete(contact);
    if (card) desk.contacts.set(contact, { ...card, state: CONSULTED });
    else if (state === "ended" && desk.contacts.get(contact)?.state === CONSULTED) desk.contacts.delete(contact);
    return card ? { assigned: contact } : {};
  },

  wrap_up(desk, frame) {
    desk.wrapUps.set(frame.contact, { until: frame.until, by: frame.by ?? "" });
  },

  released(desk, frame) {
    desk.contacts.delete(frame.contact);
    desk.wrapUps.delete(frame.contact);
    desk.conversations.delete(frame.contact);
  },

  message(desk, frame) {
    const before = desk.lastNumber(frame.contact);
    desk.addMessages(frame.contact, [frame]);
    return frame.number > before + 1 ? { gap: frame.contact, after: before } : { said: frame.contact };
  },

  notice(desk, frame) {
    desk.notices = [...desk.notices.filter((old) => old.text !== frame.text && !(STANDS.has(old.code) && old.code === frame.code)), frame].slice(-5);
    return { notice: frame };
  },
};
