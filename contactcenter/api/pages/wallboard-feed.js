// Where the figures come from: the live feed, and questions in between, because the feed is silent when nothing changes.

const SUBPROTOCOL = "contactcenter.queues.v1";
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const ASK_AFTER = 2500;
const REPORT_EVERY = 20000;
const REFUSED = new Set([4401, 4403]);

export class Feed {
  /** `on`: {board(board), extras({report, complaints}), refused(message)}. */
  constructor(token, on) {
    this.token = token;
    this.on = on;
    this.heardAt = 0;
    this.wait = FIRST_WAIT;
    this.ended = false;
    this.asking = false;
    this.extras = {};
  }

  open() {
    this.connect();
    this.timers = [setInterval(() => this.ask(), 1000), setInterval(() => this.report(), REPORT_EVERY)];
    this.report();
  }

  close() {
    this.ended = true;
    for (const timer of this.timers ?? []) clearInterval(timer);
    clearTimeout(this.again);
    this.socket?.close(1000);
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/v1/queues/feed`, SUBPROTOCOL);
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ token: this.token }));
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = (event) => this.lost(event);
  }

  hear(board) {
    if (board.code) {
      this.refusal = board.message;
      return;
    }
    this.wait = FIRST_WAIT;
    this.heardAt = performance.now();
    this.on.board(board);
  }

  lost(event) {
    if (this.ended) return;
    if (REFUSED.has(event.code)) {
      this.close();
      this.on.refused(this.refusal ?? event.reason);
      return;
    }
    this.again = setTimeout(() => this.connect(), this.wait * (0.5 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** The same figures by question, when the feed has said nothing for a while or is away. */
  async ask() {
    if (this.asking || performance.now() - this.heardAt < ASK_AFTER) return;
    this.asking = true;
    const board = await this.get("/v1/queues");
    this.asking = false;
    if (board && !this.ended) {
      this.heardAt = performance.now();
      this.on.board(board);
    }
  }

  async report() {
    const [report, complaints] = await Promise.all([this.get("/v1/reports/day"), this.get("/v1/complaints")]);
    this.extras = { report: report?.table ?? this.extras.report, complaints: complaints?.complaints ?? this.extras.complaints };
    if (!this.ended) this.on.extras(this.extras);
  }

  async get(path) {
    try {
      const answer = await fetch(path, { headers: { Authorization: `Bearer ${this.token}` }, signal: AbortSignal.timeout(4000) });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }
}
