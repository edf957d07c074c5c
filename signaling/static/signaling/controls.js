/** The buttons below the picture. */
import { data, element, say, text } from "./page.js";
import { missingWords } from "./trouble.js";

/** @import { Devices } from "./devices.js" */

/** @param {Devices} devices */
export function bindDevices(devices) {
  const microphone = element("toggle-microphone", HTMLButtonElement);
  const camera = element("toggle-camera", HTMLButtonElement);
  microphone.addEventListener("click", () => devices.toggleMicrophone());
  camera.addEventListener("click", () => devices.toggleCamera());
  element("retry-devices", HTMLButtonElement).addEventListener("click", () => void devices.open());
  devices.addEventListener("change", () => {
    press(microphone, devices.microphone, devices.microphone === "off" ? "unmute" : "mute");
    press(camera, devices.camera, devices.camera === "off" ? "startCamera" : "stopCamera");
    showSelf(devices);
    showNotice(devices);
  });
}

/** @param {HTMLButtonElement} button @param {string} state @param {string} label */
function press(button, state, label) {
  button.disabled = state === "missing";
  button.dataset.state = state;
  const words = button.querySelector("span");
  if (words) say(words, text(label));
}

/** @param {Devices} devices */
function showSelf(devices) {
  const video = element("self", HTMLVideoElement);
  const shown = video.srcObject instanceof MediaStream ? video.srcObject.getVideoTracks()[0] : null;
  if (shown !== devices.video) video.srcObject = devices.video ? new MediaStream([devices.video]) : null;
  const states = [];
  if (devices.microphone === "off") states.push(text("muted"));
  if (devices.camera === "off") states.push(text("cameraOff"));
  say(element("self-state", HTMLElement), states.length ? `(${states.join(", ")})` : "");
  element("self-view", HTMLElement).dataset.camera = devices.camera;
}

/** @param {Devices} devices */
function showNotice(devices) {
  const words = missingWords(devices);
  element("device-notice", HTMLDivElement).hidden = !words;
  if (words) say(element("device-text", HTMLElement), words);
}

export function bindFullScreen() {
  const button = element("full-screen", HTMLButtonElement);
  if (!document.fullscreenEnabled || data.surface === "kiosk") return;
  button.hidden = false;
  button.addEventListener("click", () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void document.documentElement.requestFullscreen();
  });
  document.addEventListener("fullscreenchange", () => {
    const words = button.querySelector("span");
    if (words) say(words, text(document.fullscreenElement ? "exitFullScreen" : "fullScreen"));
  });
}

export function bindHelp() {
  const button = document.getElementById("ask-help");
  const url = data.helpUrl;
  if (!(button instanceof HTMLButtonElement) || !url) return;
  const words = button.querySelector("span");
  button.addEventListener("click", async () => {
    button.disabled = true;
    const asked = await fetch(url, { method: "POST", headers: { Accept: "application/json" } }).then(
      (response) => response.ok,
      () => false,
    );
    button.disabled = asked;
    button.dataset.state = asked ? "asked" : "failed";
    say(element("help-news", HTMLElement), text(asked ? "helpAsked" : "helpFailed"));
    if (words) say(words, text(asked ? "helpAsked" : "helpFailed"));
  });
}

/** Say what the red button does: a host ends the call for everyone, anybody else leaves it. @param {boolean} ends */
export function labelHangUp(ends) {
  const words = element("hang-up", HTMLButtonElement).querySelector("span");
  if (words) say(words, text(ends ? "endCall" : "leaveCall"));
  say(element("hang-up-title", HTMLElement), text(ends ? "endCallAsk" : "leaveCallAsk"));
  say(element("hang-up-confirm", HTMLElement), text(ends ? "end" : "leave"));
}

/** @param {() => void} leave */
export function bindHangUp(leave) {
  const dialog = element("hang-up-dialog", HTMLDialogElement);
  element("hang-up", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "leave") leave();
    dialog.returnValue = "";
  });
}
