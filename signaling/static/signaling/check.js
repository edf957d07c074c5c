/**
 * The test before the call: devices, the way to the relay and back, the firewalls between. No DOM.
 *
 * @typedef {"running"|"green"|"orange"|"red"|"none"} Light  none: it does not apply here
 * @typedef {{step: string, light: Light, words: string, values: Record<string, string|number>}} Finding
 * @typedef {{at: string, light: Light, findings: Finding[], pair: object|null, ways: Attempt[], figures: Record<string, number>, browser: string}} Report
 * @import { Attempt } from "./ways.js"
 */

import { Call } from "./call.js";
import { Devices } from "./devices.js";
import { selectedPair } from "./pair.js";
import { Wire } from "./protocol.js";
import { attempt, wayOf } from "./ways.js";

export const STEPS = ["socket", "camera", "microphone", "speaker", "path", "turn_udp", "turn_tcp", "turn_tls", "quality"];
const SOCKET_MS = 10_000;
const PATH_MS = 15_000;
const LISTEN_MS = 3_000;
const MEASURE_MS = 6_000;
const TONE_HERTZ = 1_000;
/** How much louder than before the tone must come back to be heard, in decibels. */
const TONE_DECIBELS = 15;
const QUIET = 0.002;
/** Loss in percent, round trip and jitter in milliseconds: from which on a call is bad, and is hardly one. */
/** @type {Record<string, number[]>} */
const LIMITS = { loss: [2, 8], trip: [250, 600], jitter: [40, 100] };
const ORDER = ["none", "running", "green", "orange", "red"];

/** Events: `finding` Finding, as soon as something is known. */
export class Check extends EventTarget {
  /** @param {{ticketUrl: string, socketUrl: string}} where */
  constructor(where) {
    super();
    this._where = where;
    this._devices = new Devices();
    /** @type {Map<string, Finding>} */
    this._findings = new Map();
    /** @type {object|null} */
    this._pair = null;
    /** @type {Attempt[]} */
    this._ways = [];
    /** @type {Record<string, number>} */
    this._figures = {};
    /** @type {import("./protocol.js").Offer|null} */
    this._offer = null;
    /** @type {Wire|null} */
    this._wire = null;
    /** @type {Call|null} */
    this._call = null;
  }

  /** Test everything once and return what was found; never throws. @returns {Promise<Report>} */
  async run() {
    try {
      const offered = await this._socket();
      await this._devices.open();
      await this._camera();
      await this._microphone();
      await this._speaker();
      if (offered) await this._network();
    } finally {
      this._call?.close();
      this._wire?.send("leave");
      setTimeout(() => this._wire?.close(), 500);
      this._devices.close();
    }
    return this.report();
  }

  /** A person says whether they heard the tone. @param {boolean} heard */
  heard(heard) {
    this._found("speaker", heard ? "green" : "red", heard ? "heard" : "notHeard");
  }

  /** @returns {Report} */
  report() {
    const findings = STEPS.map((step) => this._findings.get(step) ?? finding(step, "none", "notTested"));
    const worst = Math.max(...findings.map((each) => ORDER.indexOf(each.light)));
    return {
      at: new Date().toISOString(),
      light: /** @type {Light} */ (ORDER[worst]),
      findings,
      pair: this._pair,
      ways: this._ways,
      figures: this._figures,
      browser: navigator.userAgent,
    };
  }

  async _socket() {
    this._found("socket", "running", "running");
    try {
      const answer = await fetch(this._where.ticketUrl, { method: "POST", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { room, ticket } = await answer.json();
      const wire = new Wire(this._where.socketUrl + room, async () => ticket);
      this._wire = wire;
      this._call = new Call(wire);
      const offered = event(wire, "offer", SOCKET_MS);
      const welcomed = event(wire, "welcome", SOCKET_MS);
      const began = performance.now();
      void wire.open();
      await welcomed;
      this._figures.socket_ms = Math.round(performance.now() - began);
      this._found("socket", "green", "socketOpen");
      this._offer = (await offered).detail.offer;
      return true;
    } catch {
      this._found("socket", "red", "socketClosed");
      for (const step of ["path", "quality"]) this._found(step, "red", "noSocket");
      return false;
    }
  }

  async _camera() {
    const track = this._devices.video;
    if (!track) return this._found("camera", "red", "cameraMissing");
    const { width = 0, height = 0 } = track.getSettings();
    if (track.muted || track.readyState !== "live") return this._found("camera", "red", "cameraStopped");
    this._found("camera", "green", "cameraWorks", { width, height });
  }

  async _microphone() {
    const track = this._devices.audio;
    if (!track) return this._found("microphone", "red", "microphoneMissing");
    this._found("microphone", "running", "speak");
    const level = await loudest(track, LISTEN_MS);
    if (level === null) return this._found("microphone", "orange", "soundBlocked");
    this._figures.microphone_level = Number(level.toFixed(4));
    if (level < QUIET) this._found("microphone", "orange", "microphoneSilent");
    else this._found("microphone", "green", "microphoneWorks");
  }

  async _speaker() {
    if (!this._devices.audio) return this._found("speaker", "orange", "listen");
    this._found("speaker", "running", "tone");
    const rise = await toneRise();
    if (rise !== null) this._figures.tone_decibels = Math.round(rise);
    // in a headset nothing comes back to the microphone: the person is asked
    if (rise !== null && rise > TONE_DECIBELS) this._found("speaker", "green", "toneHeard");
    else this._found("speaker", "orange", "listen");
  }

  async _network() {
    const call = /** @type {Call} */ (this._call);
    this._found("path", "running", "running");
    const up = new Promise((resolve, reject) => {
      call.addEventListener("path", (happened) => {
        if (/** @type {CustomEvent} */ (happened).detail === "up") resolve(undefined);
      });
      setTimeout(() => reject(new Error("no path")), PATH_MS);
    });
    if (call.connected) call.dispatchEvent(new CustomEvent("path", { detail: "up" }));
    await call.setTracks(this._devices.audio, this._devices.video);
    this._wire?.send("media", { microphone: this._devices.microphone, camera: this._devices.camera });
    const turned = this._turns();
    const passes = await up.then(() => true, () => false);
    if (passes) await this._measure(call);
    await turned;
    if (passes) this._judgePath();
    else this._noPath();
  }

  _noPath() {
    const certificate = this._ways.some((way) => way.certificate);
    if (certificate) this._found("turn_tls", "red", "wayUntrusted");
    this._found("path", "red", certificate ? "noPathUntrusted" : "noPath");
    this._found("quality", "red", "noPathNoQuality");
  }

  /** @param {Call} call */
  async _measure(call) {
    this._found("quality", "running", "running");
    const before = await figuresOf(call);
    await pause(MEASURE_MS);
    const after = await figuresOf(call);
    const seconds = MEASURE_MS / 1000;
    const received = after.received - before.received;
    const lost = Math.max(0, after.lost - before.lost);
    /** @type {Record<string, number>} */
    const figures = {
      loss: percent(lost, received + lost),
      trip: Math.round(after.trip * 1000),
      jitter: Math.round(after.jitter * 1000),
      kilobits: Math.round(((after.bytes - before.bytes) * 8) / 1000 / seconds),
    };
    Object.assign(this._figures, figures);
    this._pair = after.pair;
    if (!received) return this._found("quality", "red", "nothingBack");
    const worst = Math.max(...["loss", "trip", "jitter"].map((name) => degree(figures[name], LIMITS[name])));
    const [light, words] = [["green", "good"], ["orange", "fair"], ["red", "poor"]][worst];
    this._found("quality", /** @type {Light} */ (light), words, figures);
  }

  _judgePath() {
    const pair = /** @type {{local: string, protocol: string, relay: string}|null} */ (this._pair);
    if (!pair) return this._found("path", "orange", "pathUnknown");
    if (pair.local !== "relay") {
      const direct = pair.protocol === "udp";
      return this._found("path", direct ? "green" : "orange", direct ? "direct" : "directTcp");
    }
    const onlyTls = this._ways.every((way) => way.open === (way.way === "turn_tls"));
    const words = { udp: "relayUdp", tcp: "relayTcp", tls: onlyTls ? "relayOnlyTls" : "relayTls" }[pair.relay];
    this._found("path", "orange", words ?? "relayTcp");
  }

  async _turns() {
    const servers = this._offer?.ice_servers ?? [];
    const attempts = servers.flatMap((server) => server.urls.map((url) => attempt(server, url)));
    for (const step of ["turn_udp", "turn_tcp", "turn_tls"]) {
      const offered = servers.some((server) => server.urls.some((url) => wayOf(url) === step));
      this._found(step, offered ? "running" : "none", offered ? "running" : "notOffered");
    }
    this._ways = await Promise.all(attempts);
    for (const step of new Set(this._ways.map((way) => way.way))) {
      const tried = this._ways.filter((way) => way.way === step);
      // one way through is enough: the others only say where the network is closed
      if (tried.some((way) => way.open)) this._found(step, "green", "wayOpen");
      else if (tried.some((way) => way.certificate)) this._found(step, "orange", "wayUntrusted");
      else this._found(step, "orange", step === "turn_tls" ? "wayTlsClosed" : "wayClosed");
    }
  }

  /** @param {string} step @param {Light} light @param {string} words @param {Record<string, string|number>} [values] */
  _found(step, light, words, values = {}) {
    const found = finding(step, light, words, values);
    this._findings.set(step, found);
    this.dispatchEvent(new CustomEvent("finding", { detail: found }));
  }
}

/**
 * @param {string} step @param {Light} light @param {string} words @param {Record<string, string|number>} [values]
 * @returns {Finding}
 */
function finding(step, light, words, values = {}) {
  return { step, light, words, values };
}

/** @param {Call} call */
async function figuresOf(call) {
  const sums = { received: 0, lost: 0, bytes: 0, jitter: 0, trip: 0, pair: /** @type {any} */ (null) };
  const reports = await call.statistics();
  if (!reports) return sums;
  for (const report of reports.values()) {
    if (report.type === "inbound-rtp") {
      sums.received += report.packetsReceived ?? 0;
      sums.lost += report.packetsLost ?? 0;
      sums.bytes += report.bytesReceived ?? 0;
      sums.jitter = Math.max(sums.jitter, report.jitter ?? 0);
    }
  }
  const used = selectedPair(reports);
  if (used) {
    const { pair, local, remote } = used;
    sums.trip = pair.currentRoundTripTime ?? 0;
    sums.pair = {
      local: local?.candidateType ?? "",
      protocol: local?.protocol ?? "",
      relay: local?.relayProtocol ?? "",
      local_address: `${local?.address ?? ""}:${local?.port ?? ""}`,
      remote: remote?.candidateType ?? "",
      remote_address: `${remote?.address ?? ""}:${remote?.port ?? ""}`,
    };
  }
  return sums;
}

/** The loudest moment of a microphone, 0 to 1; null where the browser wants a click first. @param {MediaStreamTrack} track @param {number} ms */
async function loudest(track, ms) {
  const context = await audio();
  if (!context) return null;
  const ear = new AnalyserNode(context, { fftSize: 2048 });
  new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) }).connect(ear);
  const samples = new Float32Array(ear.fftSize);
  let level = 0;
  for (const end = performance.now() + ms; performance.now() < end; await pause(50)) {
    ear.getFloatTimeDomainData(samples);
    level = Math.max(level, Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length));
  }
  await context.close();
  return level;
}

/** By how many decibels the microphone hears the tone that the speaker plays; null when that cannot be tried. */
async function toneRise() {
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain }).catch(() => null);
  if (!stream) return null;
  const context = await audio();
  const rise = context && (await heardTone(stream, context));
  for (const track of stream.getTracks()) track.stop();
  await context?.close();
  return rise;
}

/** @param {MediaStream} stream @param {AudioContext} context */
async function heardTone(stream, context) {
  const ear = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(ear);
  const bin = Math.round((TONE_HERTZ * ear.fftSize) / context.sampleRate);
  const bins = new Float32Array(ear.frequencyBinCount);
  const listen = async (/** @type {number} */ ms) => {
    let best = -200;
    for (const end = performance.now() + ms; performance.now() < end; await pause(60)) {
      ear.getFloatFrequencyData(bins);
      best = Math.max(best, ...bins.slice(bin - 2, bin + 3));
    }
    return best;
  };
  await pause(300);
  const before = await listen(600);
  const tone = new OscillatorNode(context, { frequency: TONE_HERTZ });
  tone.connect(new GainNode(context, { gain: 0.3 })).connect(context.destination);
  tone.start();
  const during = await listen(1_500);
  tone.stop();
  return during - Math.max(before, -120);
}

async function audio() {
  const context = new AudioContext();
  await Promise.race([context.resume(), pause(500)]);
  if (context.state === "running") return context;
  void context.close();
  return null;
}

/** How bad a figure is: 0, 1 or 2. @param {number} value @param {number[]} limits */
function degree(value, limits) {
  return limits.filter((limit) => value > limit).length;
}

/** @param {number} part @param {number} whole */
function percent(part, whole) {
  return whole ? Math.round((part / whole) * 1000) / 10 : 0;
}

/** @param {EventTarget} target @param {string} name @param {number} ms @returns {Promise<CustomEvent>} */
function event(target, name, ms) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, (happened) => resolve(/** @type {CustomEvent} */ (happened)), { once: true });
    setTimeout(() => reject(new Error(`no ${name}`)), ms);
  });
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
