// The agent's socket: contactcenter.agent.v1. Replies come back by id, frames go to the desk, a lost line comes back.

export const SUBPROTOCOL = "contactcenter.agent.v1";
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const ACK_PAUSE = 250;
const REFUSED = new Set([4400, 4401, 4403]);

export class CommandError extends Error {
  constructor(problem) {
    super(problem.message || problem.code);
    this.code = problem.code;
    this.field = problem.field ?? "";
  }
}

export class Link {
  /** `on`: {frame(frame), state("connecting"|"open"|"lost"|"refused", problem)}. */
  constructor({ token, language, on }) {
    this.token = token;
    this.language = language;
    this.on = on;
    this.pending = new Map();
    this.prefix = [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.count = 0;
    this.wait = FIRST_WAIT;
    this.seq = 0;
    this.cursor = 0;
    this.ended = false;
  }

  open() {
    this.on.state("connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/v1/agent`, SUBPROTOCOL);
    this.socket = socket;
    socket.onopen = () => this.hello(socket);
    socket.onmessage = (event) => socket === this.socket && this.hear(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && this.lost(event);
  }

  close() {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket?.close(1000);
  }

  /** Sends a command; resolves with what the service says, rejects with CommandError. Kept until it is answered. */
  send(type, data = {}) {
    const id = `${this.prefix}-${++this.count}`;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { command: { type, id, ...data }, resolve, reject });
      this.write(this.pending.get(id).command);
    });
  }

  hello(socket) {
    const id = `${this.prefix}-${++this.count}`;
    this.helloId = id;
    socket.send(JSON.stringify({ type: "hello", id, token: this.token, cursor: this.cursor, language: this.language }));
  }

  write(command) {
    if (this.welcomed && this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(command));
  }

  hear(frame) {
    if (frame.re !== undefined) return this.reply(frame);
    const whole = frame.data ? { ...frame.data, type: frame.type, seq: frame.seq ?? 0 } : { seq: 0, ...frame };
    if (whole.type === "welcome") this.arrived();
    if (whole.type === "resume") return this.away(whole.after_s * 1000);
    if (whole.type === "snapshot") this.seq = this.cursor = whole.seq;
    else if (whole.seq && whole.seq < this.seq) return undefined;
    this.note(whole);
    return this.on.frame(whole);
  }

  /** Several frames may share a seq; all but the last say `more`, and the cursor moves with the last. */
  note({ seq, more }) {
    this.seq = Math.max(this.seq, seq);
    if (!seq || more) return;
    this.cursor = Math.max(this.cursor, seq);
    this.acknowledge();
  }

  /** What is in front of the agent, told a few times a second at most. */
  acknowledge() {
    if (this.acking) return;
    this.write({ type: "ack", seq: this.cursor });
    const told = this.cursor;
    this.acking = setTimeout(() => {
      this.acking = 0;
      if (this.cursor > told) this.acknowledge();
    }, ACK_PAUSE);
  }

  arrived() {
    this.wait = FIRST_WAIT;
    this.welcomed = true;
    this.on.state("open");
    for (const { command } of this.pending.values()) this.write(command);
  }

  reply(frame) {
    if (frame.re === this.helloId) return frame.error && this.refuse(frame.error);
    const asked = this.pending.get(frame.re);
    if (!asked) return undefined;
    this.pending.delete(frame.re);
    return frame.error ? asked.reject(new CommandError(frame.error)) : asked.resolve(frame.ok ?? {});
  }

  refuse(problem) {
    this.close();
    this.on.state("refused", problem);
  }

  lost(event) {
    this.welcomed = false;
    if (this.ended) return;
    if (REFUSED.has(event.code)) {
      this.refuse({ code: "unauthorized", message: event.reason });
      return;
    }
    this.on.state("lost");
    this.timer = setTimeout(() => this.open(), this.wait * (0.5 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  away(after) {
    this.wait = Math.max(after, FIRST_WAIT);
    this.socket.close(1000);
  }
}
