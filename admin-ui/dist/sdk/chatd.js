// src/sdk/backoff.ts
var e = class {
	random;
	firstMs;
	mostMs;
	#e = 0;
	constructor(e, t = 500, n = 3e4) {
		this.random = e, this.firstMs = t, this.mostMs = n;
	}
	get attempt() {
		return this.#e;
	}
	next(e = 0) {
		let t = Math.min(this.mostMs, this.firstMs * 2 ** this.#e++);
		return e > 0 ? e + this.random() * Math.min(t, e / 2) : t / 2 + this.random() * t / 2;
	}
	reset() {
		this.#e = 0;
	}
}, t = /* @__PURE__ */ new Set([
	1002,
	1003,
	1007,
	1008,
	1009,
	1010
]);
function n(e, n) {
	let i = r(n);
	return {
		again: !t.has(e) && (e < 4500 || e > 4999),
		code: i.code ?? `closed_${e}`,
		retryAfterMs: i.retry_after_ms
	};
}
function r(e) {
	try {
		let t = JSON.parse(e);
		return typeof t == "object" && t ? t : {};
	} catch {
		return {};
	}
}
// src/sdk/emitter.ts
var i = class {
	#e = /* @__PURE__ */ new Map();
	on(e, t) {
		let n = this.#e.get(e);
		return n || this.#e.set(e, n = /* @__PURE__ */ new Set()), n.add(t), () => n.delete(t);
	}
	emit(e, t) {
		for (let n of [...this.#e.get(e) ?? []]) try {
			n(t);
		} catch (e) {
			queueMicrotask(() => {
				throw e;
			});
		}
	}
};
// src/sdk/environment.ts
function a() {
	return {
		WebSocket: globalThis.WebSocket,
		now: () => Date.now(),
		random: () => Math.random(),
		setTimeout: (e, t) => globalThis.setTimeout(e, t),
		clearTimeout: (e) => globalThis.clearTimeout(e),
		randomId: () => {
			let e = globalThis.crypto.getRandomValues(/* @__PURE__ */ new Uint8Array(12));
			return Array.from(e, (e) => e.toString(16).padStart(2, "0")).join("");
		},
		onReturn: (e) => {
			let t = globalThis.document;
			if (!t) return () => {};
			let n = () => t.visibilityState === "visible" && e();
			return t.addEventListener("visibilitychange", n), globalThis.addEventListener("online", e), globalThis.addEventListener("pageshow", e), () => {
				t.removeEventListener("visibilitychange", n), globalThis.removeEventListener("online", e), globalThis.removeEventListener("pageshow", e);
			};
		}
	};
}
// src/sdk/refusal.ts
var o = class e extends Error {
	code;
	retryAfterMs;
	until;
	room;
	name = "Refusal";
	constructor(e, t, n, r, i) {
		super(t || e), this.code = e, this.retryAfterMs = n, this.until = r, this.room = i;
	}
	static of(t) {
		let n = t.until ? new Date(t.until) : void 0;
		return new e(t.code, t.message, t.retry_after_ms, n, t.room);
	}
}, s = () => new o("disconnected", "The connection was lost before the answer came."), c = () => new o("timeout", "The server did not answer in time."), l = () => new o("stopped", "The connection is closed for good."), u = () => new o("identity_changed", "You are someone else now. This may be stored already, under who you were before."), ee = () => new o("text_too_long", "That is more than the server takes at once."), d = /* @__PURE__ */ new Set([
	"busy",
	"going_away",
	"internal",
	"not_in_time",
	"outcome_unknown",
	"rate_limited",
	"room_busy",
	"sign_in_unavailable",
	"stopping",
	"store_unavailable"
]);
function f(e) {
	return d.has(e);
}
var p = /* @__PURE__ */ new Set([
	"busy",
	"disconnected",
	"outcome_unknown",
	"room_busy",
	"stopping",
	"store_unavailable",
	"timeout"
]);
function m(e) {
	return p.has(e);
}
var h = /* @__PURE__ */ new Set([
	"disconnected",
	"outcome_unknown",
	"timeout"
]);
function g(e) {
	return h.has(e);
}
function _(e) {
	return /^(?:guest_)?token_(?:invalid|expired)$/.test(e);
}
// src/sdk/requests.ts
var v = class {
	env;
	patienceMs;
	#e = /* @__PURE__ */ new Map();
	#t = 0;
	constructor(e, t) {
		this.env = e, this.patienceMs = t;
	}
	add(e, t, n) {
		let r = String(++this.#t), i, a = new Promise((a, s) => {
			let l = this.env.setTimeout(() => i.settle(c()), this.patienceMs);
			i = {
				id: r,
				room: t,
				repeatable: n,
				frame: {
					...e,
					id: r
				},
				sent: !1,
				settle: (e) => {
					this.env.clearTimeout(l), this.#e.delete(r), e instanceof o ? s(e) : a(e);
				}
			};
		});
		return this.#e.set(r, i), [i, a];
	}
	answer(e) {
		let t = e.id === void 0 ? void 0 : this.#e.get(e.id);
		return t?.settle(e.type === "ack" ? e : o.of(e)), t !== void 0;
	}
	unsent(e) {
		return [...this.#e.values()].filter((t) => !t.sent && t.room === e);
	}
	cut() {
		for (let e of [...this.#e.values()]) e.sent && (e.repeatable ? e.sent = !1 : e.settle(s()));
	}
	abandon(e) {
		for (let t of [...this.#e.values()]) (e === void 0 || t.room === e) && t.settle(l());
	}
}, y = 16, te = class {
	env;
	send;
	position;
	me;
	changed;
	#e = [];
	#t;
	#n = 0;
	#r = /* @__PURE__ */ new Set();
	constructor(e, t, n, r, i) {
		this.env = e, this.send = t, this.position = n, this.me = r, this.changed = i;
	}
	get entries() {
		return this.#e;
	}
	add(e) {
		this.#c([...this.#e, e]), this.flush();
	}
	flush() {
		if (this.env.now() < this.#n) return;
		let e = this.#e.filter((e) => e.state === "sent").length;
		for (let t of this.#e) {
			let n = this.#r.has(t.nonce);
			if (n && t.state === "sent") return;
			if (t.state !== "waiting") continue;
			if (e >= y) return;
			let r = this.me();
			if (t.sentAs !== void 0 && t.sentAs !== r) {
				this.#a(t.nonce, u());
				return;
			}
			let i = this.send(t);
			if (!i || (e++, this.#s(t.nonce, {
				state: "sent",
				sentAs: r
			}), i.then((e) => this.#i(t.nonce, e), (e) => this.#a(t.nonce, e)), n)) return;
		}
	}
	seen() {
		let e = this.#e.filter((e) => e.state !== "stored" || (e.seq ?? 0) > this.position());
		e.length !== this.#e.length && this.#c(e);
	}
	retry(e) {
		this.#s(e, {
			state: "waiting",
			refusal: void 0,
			sentAs: void 0
		}), this.flush();
	}
	discard(e) {
		this.#r.delete(e), this.#c(this.#e.filter((t) => t.nonce !== e)), this.flush();
	}
	stop() {
		this.#n = 0, this.env.clearTimeout(this.#t);
	}
	#i(e, t) {
		this.#r.delete(e), this.#s(e, {
			state: "stored",
			seq: t.seq
		}), this.seen(), this.flush();
	}
	#a(e, t) {
		m(t.code) ? (this.#s(e, g(t.code) ? { state: "waiting" } : {
			state: "waiting",
			sentAs: void 0
		}), t.code !== "disconnected" && (this.#e.some((t) => t.nonce === e) && this.#r.add(e), this.#o(t.retryAfterMs ?? 1e3))) : (this.#r.delete(e), this.#s(e, {
			state: "refused",
			refusal: t
		}), this.flush());
	}
	#o(e) {
		let t = this.env.now() + e;
		t <= this.#n || (this.#n = t, this.env.clearTimeout(this.#t), this.#t = this.env.setTimeout(() => {
			this.#n = 0, this.flush();
		}, e));
	}
	#s(e, t) {
		this.#c(this.#e.map((n) => n.nonce === e ? {
			...n,
			...t
		} : n));
	}
	#c(e) {
		this.#e = e, this.changed();
	}
};
function b(e) {
	return e.refusal !== void 0 && (f(e.refusal.code) || e.refusal.retryAfterMs !== void 0);
}
// src/sdk/state.ts
var x = {
	title: "",
	topic: "",
	min_length: 1,
	max_length: 500,
	history: 100,
	retain_count: 0,
	retain_seconds: 0,
	slow_mode_seconds: 0,
	read_only: !1,
	closed: !1,
	guests: "write",
	members_limit: 0,
	allowed_sites: []
}, S = {
	epoch: "",
	seq: 0,
	settings: x,
	rights: {
		post: !1,
		moderate: !1
	},
	members: /* @__PURE__ */ new Map(),
	count: 0,
	messages: [],
	moreBefore: !1,
	past: null,
	pins: [],
	held: [],
	lockdown: null,
	reacted: /* @__PURE__ */ new Map(),
	read: 0,
	replay: null
};
function C(e, t) {
	let n = {
		epoch: t.epoch,
		settings: {
			...x,
			...t.settings
		},
		rights: t.rights,
		members: new Map((t.members ?? []).map((e) => [e.id, e])),
		count: t.count,
		held: t.held ?? [],
		lockdown: t.lockdown ?? null,
		read: Math.max(t.read ?? 0, t.recovered ? e.read : 0)
	};
	if (t.recovered) {
		let r = t.replay ?? 0;
		return {
			...e,
			...n,
			pins: t.pins ?? e.pins,
			reacted: K(e.reacted, t.reacted),
			seq: r > 0 ? e.seq : Math.max(e.seq, t.seq),
			replay: r > 0 ? {
				left: r,
				seq: t.seq
			} : null
		};
	}
	let r = G(t.history ?? []);
	return {
		...S,
		...n,
		seq: t.seq,
		messages: r,
		pins: t.pins ?? [],
		reacted: K(/* @__PURE__ */ new Map(), t.reacted),
		moreBefore: r.length >= n.settings.history
	};
}
function w(e, t) {
	let n = t.seq > e.seq ? {
		...T(e, t),
		seq: t.seq
	} : e;
	if (!n.replay) return n;
	let r = n.replay.left - 1;
	return r > 0 ? {
		...n,
		replay: {
			...n.replay,
			left: r
		}
	} : {
		...n,
		seq: Math.max(n.seq, n.replay.seq),
		replay: null
	};
}
function T(e, t) {
	switch (t.type) {
		case "message": return {
			...j(e, t.message.id),
			messages: U(e.messages, t.message)
		};
		case "edited": return E(e, t.message);
		case "deleted": return D(e, new Set(t.message_ids));
		case "restored": return O(e, t.messages);
		case "reaction": return V(e, (e) => e.id === t.message_id ? {
			...e,
			reactions: t.reactions ?? []
		} : e);
		case "cleared": return k(e, t.seq);
		case "room": return ne(e, t.settings ?? {}, t.pins);
	}
}
function E(e, t) {
	return V(e, (e) => e.id === t.id ? t : e.reply_to?.id === t.id ? B(e, z(t)) : e);
}
function D(e, t) {
	let n = (e) => e.filter((e) => !t.has(e.id)), r = e.past && {
		...e.past,
		messages: n(e.past.messages)
	};
	return V({
		...e,
		messages: n(e.messages),
		past: r,
		pins: n(e.pins)
	}, (e) => e.reply_to && t.has(e.reply_to.id) ? B(e, {
		...e.reply_to,
		excerpt: ""
	}) : e);
}
function O(e, t) {
	let n = new Map(t.map((e) => [e.id, e])), r = e.moreBefore ? e.messages[0]?.seq ?? Infinity : 0, i = e.messages, a = e.past;
	for (let e of t) {
		e.seq >= r && (i = U(i, e));
		let [t, n] = [a?.messages[0], a?.messages.at(-1)];
		a && t && n && e.seq > t.seq && e.seq < n.seq && (a = {
			...a,
			messages: U(a.messages, e)
		});
	}
	return V({
		...e,
		messages: i,
		past: a
	}, (e) => {
		let t = e.reply_to && n.get(e.reply_to.id);
		return t ? B(e, z(t)) : e;
	});
}
function k(e, t) {
	let n = (e) => e.filter((e) => e.seq > t), r = e.past && {
		...e.past,
		messages: n(e.past.messages),
		moreBefore: !1
	};
	return {
		...e,
		messages: n(e.messages),
		pins: n(e.pins),
		moreBefore: !1,
		past: r && r.messages.length > 0 ? r : null
	};
}
function A(e, t) {
	if (e.messages.some((e) => e.id === t.id)) return e;
	let n = e.held.some((e) => e.id === t.id);
	return {
		...e,
		held: n ? e.held.map((e) => e.id === t.id ? t : e) : [...e.held, t]
	};
}
function j(e, t) {
	return e.held.some((e) => e.id === t) ? {
		...e,
		held: e.held.filter((e) => e.id !== t)
	} : e;
}
function ne(e, t, n) {
	let r = {
		...e.settings,
		...t
	};
	return {
		...e,
		settings: r,
		pins: n ?? e.pins,
		rights: re(r, e.lockdown, e.rights)
	};
}
function re(e, t, n) {
	return n.moderate ? n : e.read_only && n.post ? {
		...n,
		post: !1,
		refused: {
			code: "room_read_only",
			message: "Only moderators write in this room."
		}
	} : !e.read_only && t?.level !== "read_only" && n.refused?.code === "room_read_only" ? {
		post: !0,
		moderate: !1
	} : n;
}
function M(e, t) {
	let n = K(e.reacted, t.reacted), r = G(t.messages), [i, a] = [r[0], r.at(-1)];
	if (!i || !a) {
		let r = e.past && {
			...e.past,
			moreBefore: t.more_before && e.past.moreBefore
		};
		return {
			...e,
			reacted: n,
			past: r,
			moreBefore: e.past ? e.moreBefore : t.more_before
		};
	}
	let o = e.messages[0];
	if (!t.more_after || o && a.seq >= o.seq) {
		let a = W(e.messages, r), s = !o || i.seq < o.seq ? t.more_before : e.moreBefore;
		return {
			...e,
			reacted: n,
			messages: a,
			moreBefore: s,
			past: null
		};
	}
	let s = e.past, [c, l] = [s?.messages[0], s?.messages.at(-1)];
	return s && c && l && i.seq <= l.seq && a.seq >= c.seq ? {
		...e,
		reacted: n,
		past: {
			messages: W(s.messages, r),
			moreBefore: i.seq < c.seq ? t.more_before : s.moreBefore,
			moreAfter: a.seq > l.seq ? t.more_after : s.moreAfter
		}
	} : {
		...e,
		reacted: n,
		past: {
			messages: r,
			moreBefore: t.more_before,
			moreAfter: t.more_after
		}
	};
}
function N(e, t, n) {
	let r = K(e.reacted, t.reacted);
	if (e.past && e.past.messages[0]?.seq === n) {
		let n = {
			...e.past,
			messages: W(e.past.messages, t.messages),
			moreBefore: t.more_before
		};
		return {
			...e,
			reacted: r,
			past: n
		};
	}
	return (e.messages[0]?.seq ?? n) === n ? {
		...e,
		reacted: r,
		messages: W(e.messages, t.messages),
		moreBefore: t.more_before
	} : e;
}
function P(e, t) {
	let n = t.reduce((e, t) => F.has(t.type) ? T(e, t) : e, e);
	return n === e ? e : {
		...n,
		pins: e.pins
	};
}
var F = /* @__PURE__ */ new Set([
	"edited",
	"deleted",
	"restored",
	"reaction",
	"cleared"
]);
function I(e, t) {
	return e.messages.length <= t ? e : {
		...e,
		messages: e.messages.slice(-t),
		moreBefore: !0
	};
}
function L(e, t, n, r) {
	let i = (e.reacted.get(t) ?? []).filter((e) => e !== n);
	return {
		...e,
		reacted: new Map(e.reacted).set(t, r ? [...i, n] : i)
	};
}
function R(e) {
	let t = Array.from(e);
	return t.length > 120 ? t.slice(0, 120).join("") : e;
}
function z(e) {
	return {
		id: e.id,
		from: e.from,
		excerpt: R(e.text)
	};
}
function B(e, t) {
	return {
		...e,
		reply_to: t
	};
}
function V(e, t) {
	return {
		...e,
		messages: H(e.messages, t),
		pins: H(e.pins, t),
		past: e.past && {
			...e.past,
			messages: H(e.past.messages, t)
		}
	};
}
function H(e, t) {
	let n = e.map(t);
	return n.some((t, n) => t !== e[n]) ? n : e;
}
function U(e, t) {
	let n = e.at(-1);
	return !n || n.seq < t.seq ? [...e, t] : W(e, [t]);
}
function W(e, t) {
	let n = new Map(e.map((e) => [e.seq, e]));
	for (let e of t) n.set(e.seq, e);
	return G([...n.values()]);
}
function G(e) {
	return [...e].sort((e, t) => e.seq - t.seq);
}
function K(e, t) {
	return t ? new Map([...e, ...Object.entries(t)]) : e;
}
// src/sdk/wire.ts
var ie = /* @__PURE__ */ new Set([
	"message",
	"edited",
	"deleted",
	"restored",
	"reaction",
	"cleared",
	"room"
]);
function q(e) {
	return ie.has(e.type);
}
// src/sdk/room.ts
var J = 5e3, Y = 3e3, ae = 3e3, X = 4e3, oe = 5e3, Z = class extends i {
	name;
	env;
	line;
	#e = S;
	#t = "joining";
	#n = null;
	#r = /* @__PURE__ */ new Map();
	#i = -Infinity;
	#a = /* @__PURE__ */ new Set();
	#o = 0;
	#s = [];
	#c;
	constructor(e, t, n) {
		super(), this.name = e, this.env = t, this.line = n, this.#c = new te(t, (e) => this.#t === "joined" ? this.#_(e) : null, () => this.#e.seq, () => this.line.user()?.id, () => this.emit("change", this));
	}
	get state() {
		return this.#e;
	}
	get phase() {
		return this.#t;
	}
	get refusal() {
		return this.#n;
	}
	get pending() {
		return this.#c.entries;
	}
	get typing() {
		return [...this.#r.values()].map((e) => e.user);
	}
	get position() {
		return this.#e.epoch ? {
			epoch: this.#e.epoch,
			seq: this.#e.seq
		} : void 0;
	}
	post(e, t, n = this.env.randomId(), r) {
		return this.#c.add({
			nonce: n,
			text: e,
			replyTo: t,
			at: this.env.now(),
			state: "waiting",
			sentAs: r
		}), n;
	}
	retry(e) {
		this.#c.retry(e);
	}
	discard(e) {
		this.#c.discard(e);
	}
	edit(e, t) {
		return this.#x({
			type: "edit",
			message_id: e,
			text: t
		});
	}
	delete(...e) {
		return this.#x({
			type: "delete",
			message_ids: e
		});
	}
	restore(...e) {
		return this.#x({
			type: "restore",
			message_ids: e
		});
	}
	pin(e, t) {
		return this.#x({
			type: "pin",
			message_id: e,
			on: t
		});
	}
	set(e) {
		return this.#x({
			type: "set",
			settings: e
		});
	}
	async react(e, t, n) {
		await this.#x({
			type: "react",
			message_id: e,
			emoji: t,
			on: n
		}), this.#S(L(this.#e, e, t, n));
	}
	async sanction(e, t, n, r, i) {
		let a = {
			type: "sanction",
			room: this.name,
			user: e,
			effect: t,
			seconds: n,
			reason: r
		};
		return t === "slow" && (a.interval_seconds = i), String((await this.line.request(a, this.name, !1)).sanction_id ?? "");
	}
	lift(e) {
		return this.#x({
			type: "lift",
			sanction_id: e
		});
	}
	async members(e = 500) {
		return await this.#x({
			type: "members",
			limit: e
		});
	}
	async loadOlder(e = 50) {
		let t = (this.#e.past ?? this.#e).messages[0]?.seq ?? this.#e.seq + 1;
		await this.#y({
			before: t,
			limit: e
		}, (e) => N(this.#e, e, t));
	}
	async loadAround(e, t = 50) {
		await this.#y({
			around: e,
			limit: t
		}, (e) => M(this.#e, e));
	}
	async loadNewer(e = 100) {
		let t = this.#e.past?.messages.at(-1);
		t && await this.loadAround(t.id, e);
	}
	showNewest() {
		this.#e.past && this.#S({
			...this.#e,
			past: null
		});
	}
	trim(e) {
		let t = I(this.#e, e);
		t !== this.#e && this.#S(t);
	}
	sendTyping() {
		let e = this.env.now();
		e - this.#i < Y || this.#t !== "joined" || (this.#i = e, this.line.sendNow({
			type: "typing",
			room: this.name
		}, this.name)?.catch(() => {}));
	}
	markRead(e) {
		e <= this.#e.read || (this.#e = {
			...this.#e,
			read: e
		}, this.line.sendNow({
			type: "read",
			room: this.name,
			seq: e
		}, this.name)?.catch(() => {}));
	}
	leave() {
		this.#w(), this.line.leave(this);
	}
	rejoin() {
		this.#t = "joining", this.#n = null, this.line.join(this), this.emit("change", this);
	}
	receive(e) {
		if (q(e)) return this.#d(e);
		switch (e.type) {
			case "joined": return this.#l(e);
			case "left": return this.refuse(new o(e.code, e.message, void 0, void 0, e.room));
			case "presence": {
				let t = new Map(this.#e.members);
				for (let n of e.joined ?? []) t.set(n.id, n);
				for (let n of e.left ?? []) t.delete(typeof n == "string" ? n : n.id);
				return this.#S({
					...this.#e,
					members: t,
					count: e.count
				});
			}
			case "typing": return this.#g(e.users);
			case "muted":
			case "unmuted":
			case "banned": return this.#f(e), this.emit("sanction", e);
			case "held": return this.#S(A(this.#e, e.message));
			case "released": return this.#u(e);
			case "lockdown": return this.#S({
				...this.#e,
				lockdown: e.lockdown
			}), this.#m();
			case "rights": return this.#S({
				...this.#e,
				rights: e.rights
			}), this.#p();
			case "notice": return this.emit("notice", e.text);
		}
	}
	cut() {
		this.#t === "joined" && (this.#t = "joining"), this.#e = {
			...this.#e,
			replay: null
		}, this.#r.clear(), this.emit("change", this);
	}
	startOver() {
		this.#e = {
			...this.#e,
			epoch: "",
			reacted: /* @__PURE__ */ new Map(),
			read: 0
		};
	}
	refuse(e) {
		this.#t = "refused", this.#n = e, this.emit("change", this);
	}
	joinRefused(e) {
		if (f(e.code)) return e.retryAfterMs ?? 2e3;
		this.refuse(e);
	}
	heard(e) {
		if (this.#t === "joined") {
			if (e.epoch !== this.#e.epoch) return this.line.join(this);
			e.seq <= this.#e.seq || this.#C(ae, () => {
				this.#t === "joined" && e.epoch === this.#e.epoch && e.seq > this.#e.seq && this.line.join(this);
			});
		}
	}
	dispose() {
		this.#w();
	}
	#l(e) {
		this.#t = "joined", this.#n = null, e.recovered || (this.#s = []), this.#S(C(this.#e, e)), this.#c.seen(), this.#c.flush(), this.#p(), this.#m();
	}
	#u(e) {
		let t = this.#e.held.find((t) => t.id === e.message_id);
		t && (this.#S(j(this.#e, e.message_id)), this.emit("released", {
			message: t,
			outcome: e.outcome
		}));
	}
	#d(e) {
		let t = e.seq > this.#e.seq, n = e.type === "message" ? this.#e.held.find((t) => t.id === e.message.id) : void 0;
		e.type === "message" && this.#r.delete(e.message.from.id), t && e.type !== "message" && e.type !== "room" && this.#b(e), this.#S(w(this.#e, e)), this.#c.seen(), t && (n && this.emit("released", {
			message: n,
			outcome: "released"
		}), e.type === "message" && this.emit("message", e.message), e.type === "cleared" && this.emit("cleared", this));
	}
	#f(e) {
		let { rights: t, settings: n } = this.#e;
		if (e.type === "muted") {
			let n = {
				code: "muted",
				message: e.reason ?? "",
				until: e.until
			};
			this.#S({
				...this.#e,
				rights: {
					...t,
					post: !1,
					refused: n
				}
			}), this.#p();
		} else if (e.type === "unmuted") {
			let e = t.moderate || !n.read_only, r = e ? void 0 : {
				code: "room_read_only",
				message: ""
			};
			this.#S({
				...this.#e,
				rights: {
					...t,
					post: e,
					refused: r
				}
			});
		}
	}
	#p() {
		let { refused: e } = this.#e.rights;
		if (e?.code !== "muted" || !e.until) return;
		let t = this.#h(e.until) + 250;
		t > 864e5 || this.#C(Math.max(t, 1e3), () => {
			this.#t === "joined" && this.#e.rights.refused === e && this.line.join(this);
		});
	}
	#m() {
		let { lockdown: e } = this.#e;
		if (!e) return;
		let t = this.#h(e.until);
		t > 864e5 || this.#C(Math.max(t, 0) + 250, () => {
			if (this.#e.lockdown !== e) return;
			this.#S({
				...this.#e,
				lockdown: null
			});
			let { rights: t } = this.#e;
			t.post || this.#C(1e3 + this.env.random() * X, () => {
				this.#t === "joined" && this.#e.rights === t && this.line.join(this);
			});
		});
	}
	#h(e) {
		return Date.parse(e) - this.line.clockOffset() - this.env.now();
	}
	#g(e) {
		let t = this.env.now() + J, n = this.line.user()?.id;
		for (let r of e) r.id !== n && this.#r.set(r.id, {
			user: r,
			until: t
		});
		this.emit("change", this), this.#C(5050, () => {
			let e = this.env.now();
			for (let [t, n] of this.#r) n.until <= e && this.#r.delete(t);
			this.emit("change", this);
		});
	}
	#_(e) {
		let t = {
			type: "post",
			room: this.name,
			text: e.text,
			nonce: e.nonce
		};
		e.replyTo && (t.reply_to = e.replyTo);
		let n = this.line.sendNow(t, this.name);
		return n && n.then((t) => (t.held && !t.duplicate && this.#S(A(this.#e, this.#v(e, t))), t));
	}
	#v(e, t) {
		let n = e.replyTo ? this.#e.messages.find((t) => t.id === e.replyTo) : void 0;
		return {
			id: t.message_id,
			seq: 0,
			from: this.line.user(),
			text: e.text,
			at: t.at,
			...n && { reply_to: z(n) }
		};
	}
	async #y(e, t) {
		this.#o++;
		try {
			let n = await this.#x({
				type: "history",
				...e
			});
			this.#S(P(t(n), this.#s.map((e) => e.event)));
		} finally {
			this.#o--;
		}
	}
	#b(e) {
		let t = this.env.now(), n = this.#o > 0 ? -Infinity : t - oe;
		this.#s = [...this.#s.filter((e) => e.at >= n), {
			at: t,
			event: e
		}].slice(-1e3);
	}
	#x(e) {
		return this.line.request({
			...e,
			room: this.name
		}, this.name, !0);
	}
	#S(e) {
		this.#e = e, this.emit("change", this);
	}
	#C(e, t) {
		let n = this.env.setTimeout(() => {
			this.#a.delete(n), t();
		}, e);
		this.#a.add(n);
	}
	#w() {
		for (let e of this.#a) this.env.clearTimeout(e);
		this.#a.clear(), this.#c.stop();
	}
}, se = 1e4, Q = 800, ce = 1500, le = 5e3, ue = 3, de = 2e4, $ = 15e3, fe = 65536, pe = class extends i {
	options;
	#e;
	#t;
	#n;
	#r = /* @__PURE__ */ new Map();
	#i = null;
	#a = { state: "connecting" };
	#o = null;
	#s = {};
	#c = 0;
	#l = null;
	#u;
	#d = null;
	#f = 0;
	#p = 0;
	#m = "connect";
	#h = null;
	#g = $;
	#_ = 0;
	#v = 0;
	#y = Infinity;
	#b;
	#x;
	#S;
	constructor(t = {}) {
		super(), this.options = t, this.#e = {
			...a(),
			...t.environment
		}, this.#t = new e(this.#e.random), this.#n = new v(this.#e, de), this.#u = t.guestToken ?? null, this.#S = this.#e.onReturn(() => this.check()), this.#T("connect");
	}
	get status() {
		return this.#a;
	}
	get user() {
		return this.#o;
	}
	get limits() {
		return this.#s;
	}
	get clockOffset() {
		return this.#c;
	}
	join(e) {
		let t = this.#r.get(e);
		return t || (t = new Z(e, this.#e, this.#w), this.#r.set(e, t), this.#P(t)), t;
	}
	async rename(e) {
		return this.#M({ name: e });
	}
	async setToken(e) {
		if (this.#l = e, this.#a.state !== "open" || !this.#o) return this.#G();
		try {
			await this.#M(this.#u ? {
				token: e,
				guest_token: this.#u
			} : { token: e });
		} catch {
			this.#G();
		}
	}
	check() {
		let e = this.#e.now();
		switch (this.#a.state) {
			case "waiting":
				this.#T(this.#m);
				return;
			case "connecting": return this.#C(Q, () => this.#a.state !== "connecting");
			case "open":
				if (e - this.#_ < ce) return;
				for (let e of this.#r.values()) e.phase === "joined" && this.#P(e);
				return this.#C(Q, () => this.#_ >= e);
		}
	}
	#C(e, t) {
		let n = this.#i;
		!n || this.#x || (this.#x = this.#e.setTimeout(() => {
			this.#x = void 0, this.#i === n && !t() && this.#W("not_in_time", 0);
		}, e));
	}
	retry() {
		if (this.#a.state === "stopped") {
			this.#h = this.#a.refusal, this.#d = null, this.#f = this.#p = 0, this.#t.reset(), this.#a.refusal.code === "token_revoked" && this.#l === null && this.#U();
			for (let e of this.#r.values()) e.rejoin();
			this.#T(this.#a.refusal.code.startsWith("token_") ? "expired" : "connect");
		}
	}
	close() {
		this.#J(new o("stopped", "Closed by this page."));
		for (let e of this.#r.values()) e.dispose();
		this.#r.clear(), this.#S();
	}
	#w = {
		sendNow: (e, t) => {
			if (this.#a.state !== "open" || this.#r.get(t)?.phase !== "joined") return null;
			let [n, r] = this.#n.add(e, t, !1);
			return this.#I(n), r;
		},
		request: (e, t, n) => {
			let [r, i] = this.#n.add(e, t, n);
			return this.#r.get(t)?.phase === "joined" ? this.#I(r) : this.#r.get(t)?.phase === "refused" && this.#n.abandon(t), i;
		},
		join: (e) => this.#P(e),
		leave: (e) => {
			this.#r.delete(e.name), this.#n.abandon(e.name), this.#a.state === "open" && this.#L({
				type: "leave",
				id: `leave-${this.#e.randomId()}`,
				room: e.name
			});
		},
		user: () => this.#o,
		clockOffset: () => this.#c
	};
	async #T(e) {
		this.#Y(), this.#X({ state: "connecting" });
		let t = this.#v = this.#e.now();
		if (this.options.getToken && (e === "expired" || this.#l === null)) {
			let n = await this.#E(e);
			if (this.#a.state !== "connecting" || this.#v !== t || this.#i) return;
			if (e === "expired" && (n === null || n === this.#d)) return this.#J(this.#h ?? new o("token_expired", "Your sign-in has expired. Sign in again."));
			this.#l = n, e === "expired" && (this.#d = n);
		}
		this.#D();
	}
	async #E(e) {
		try {
			return await this.options.getToken?.(e) ?? null;
		} catch {
			return null;
		}
	}
	#D() {
		this.#h = null, this.#y = Infinity;
		let e = new this.#e.WebSocket(this.#O(), ["chatd.v1"]);
		this.#i = e, this.#b = this.#e.setTimeout(() => this.#W("not_in_time"), se), e.onmessage = (e) => this.#k(String(e.data)), e.onclose = (e) => this.#z(e.code, e.reason);
	}
	#O() {
		let e = new URL(String(this.options.url ?? globalThis.location.href)), t = new URL("ws", e);
		t.protocol = e.protocol === "https:" || e.protocol === "wss:" ? "wss:" : "ws:", t.hash = "", t.search = "";
		let n = this.#l ?? this.#u;
		return n ? t.searchParams.set("token", n) : this.options.name && t.searchParams.set("name", this.options.name), this.#l && this.#u && t.searchParams.set("guest_token", this.#u), t.href;
	}
	#k(e) {
		this.#_ = this.#e.now();
		let t;
		try {
			t = JSON.parse(e);
		} catch {
			return;
		}
		switch (this.emit("frame", t), t.type) {
			case "welcome": return this.#A(t);
			case "ack":
				this.#n.answer(t);
				return;
			case "error":
				t.id === void 0 && (this.#h = o.of(t)), this.#n.answer(t);
				return;
			case "heartbeat":
				for (let [e, n] of Object.entries(t.positions ?? {})) this.#r.get(e)?.heard(n);
				return;
			case "expiring":
				this.#N();
				return;
			case "notice": if (t.room === void 0) return this.emit("notice", t.text);
		}
		if ("room" in t && t.room !== void 0) this.#r.get(t.room)?.receive(t), t.type === "joined" && this.#F(t.room);
		else for (let e of this.#r.values()) e.receive(t);
	}
	#A(e) {
		if (this.#e.clearTimeout(this.#b), this.#y = this.#e.now(), this.#p = 0, this.#g = e.heartbeat_ms || $, this.#s = e.limits ?? {}, this.#c = Date.parse(e.server_time) - this.#e.now() || 0, this.#o && this.#o.id !== e.user.id) for (let e of this.#r.values()) e.startOver();
		this.#j(e), this.#X({ state: "open" });
		for (let e of this.#r.values()) this.#P(e);
		this.#R();
	}
	#j(e) {
		e.guest_token && e.guest_token !== this.#u && (this.#u = e.guest_token, this.emit("guesttoken", e.guest_token)), this.#o = e.user, this.emit("user", e.user);
	}
	async #M(e) {
		let [t, n] = this.#n.add({
			type: "auth",
			...e
		}, void 0, !1);
		this.#a.state === "open" ? this.#I(t) : t.settle(new o("disconnected", "There is no connection."));
		let r = await n;
		return this.#j(r), r.user;
	}
	async #N() {
		let e = await this.#E("expiring");
		e && e !== this.#l && await this.setToken(e);
	}
	#P(e) {
		if (this.#a.state !== "open") return;
		let t = {
			type: "join",
			room: e.name
		};
		e.position && (t.since = e.position);
		let [n, r] = this.#n.add(t, void 0, !1);
		this.#I(n);
		let i = this.#i;
		r.catch((t) => {
			if (this.#i !== i || this.#r.get(e.name) !== e) return;
			if (t.code === "timeout") return this.#W("not_in_time");
			if (t.code === "disconnected" || t.code === "stopped") return;
			let n = e.joinRefused(t);
			if (n === void 0) return this.#n.abandon(e.name);
			this.#e.setTimeout(() => this.#i === i && this.#P(e), n * (1 + this.#e.random() / 4));
		});
	}
	#F(e) {
		for (let t of this.#n.unsent(e)) this.#I(t);
	}
	#I(e) {
		let t = JSON.stringify(e.frame);
		if (new TextEncoder().encode(t).length > (this.#s.frame_bytes || fe)) return e.settle(ee());
		e.sent = !0, this.#i?.readyState === 1 && this.#i.send(t);
	}
	#L(e) {
		this.#i?.readyState === 1 && this.#i.send(JSON.stringify(e));
	}
	#R() {
		let e = this.#g + Math.max(2e3, this.#g / 2), t = this.#e.now() - this.#_;
		if (t >= e) return this.#W("not_in_time");
		this.#b = this.#e.setTimeout(() => this.#R(), Math.min(e - t, this.#g));
	}
	#z(e, t) {
		let r = n(e, t), i = this.#h;
		if (this.#K(), r.again && r.code !== "token_expired") return this.#q(r.code, r.retryAfterMs ?? i?.retryAfterMs);
		if (r.code === "token_expired" && this.#l !== null && this.options.getToken) return this.#B(r, i);
		if (this.#H(r.code)) return void this.#T("connect");
		this.#J(i ?? new o(r.code, ""));
	}
	#B(e, t) {
		if (this.#V() && (this.#f = 0), !e.again && ++this.#p >= ue) return this.#J(t ?? new o(e.code, ""));
		++this.#f === 1 ? this.#T("expired") : this.#q(e.code, e.retryAfterMs, "expired");
	}
	#V() {
		return this.#e.now() - this.#y > le;
	}
	#H(e) {
		return this.#u === null || !_(e) || this.#l !== null && !e.startsWith("guest_") ? !1 : (this.#U(), !0);
	}
	#U() {
		this.#u = null, this.emit("guesttoken", null);
	}
	#W(e, t) {
		this.#K(), t === 0 ? this.#T("connect") : this.#q(e);
	}
	#G() {
		if (this.#a.state === "stopped") return this.retry();
		this.#K(), this.#T("connect");
	}
	#K() {
		this.#Y();
		let e = this.#i;
		if (this.#i = null, e) {
			e.onmessage = e.onclose = null;
			try {
				e.close();
			} catch {}
		}
		this.#n.cut();
		for (let e of this.#r.values()) e.cut();
	}
	#q(e, t, n = "connect") {
		this.#V() && this.#t.reset(), this.#m = n, this.#y = Infinity;
		let r = this.#t.next(t);
		this.#X({
			state: "waiting",
			at: this.#e.now() + r,
			code: e
		}), this.#b = this.#e.setTimeout(() => void this.#T(n), r);
	}
	#J(e) {
		this.#K(), this.#X({
			state: "stopped",
			refusal: e
		}), this.#n.abandon();
		for (let t of this.#r.values()) t.phase !== "refused" && t.refuse(e);
	}
	#Y() {
		this.#e.clearTimeout(this.#b), this.#e.clearTimeout(this.#x), this.#b = this.#x = void 0;
	}
	#X(e) {
		this.#a = e, this.emit("status", e);
	}
};
export { pe as Chatd, o as Refusal, Z as Room, w as applyEvent, M as applyHistory, C as applyJoined, N as applyOlder, L as applyReacted, S as emptyRoom, R as excerpt, b as mayRetry, f as passes, I as trim };
