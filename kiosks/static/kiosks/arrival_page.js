/**
 * Check-in: the dash of a reference comes by itself, a USB scanner types wherever the cursor is, and the camera's frames
 * go to the server until one of them shows a pass.
 */

const FRAME_MS = 350;
const FRAME_WIDTH = 960;

const field = /** @type {HTMLInputElement} */ (document.querySelector("#code"));
const video = /** @type {HTMLVideoElement} */ (document.querySelector("#camera"));
const start = /** @type {HTMLButtonElement} */ (document.querySelector("#camera-start"));
const told = /** @type {HTMLElement} */ (document.querySelector("#camera-status"));

field.addEventListener("input", (event) => {
  const typed = field.value;
  if (!/^[a-z0-9-]{0,7}$/i.test(typed)) return; // a pass, from a scanner
  const bare = typed.replaceAll("-", "").slice(0, 6).toUpperCase();
  if (bare === "TC1") return; // how every pass begins, and no reference does
  const erasing = /** @type {InputEvent} */ (event).inputType?.startsWith("delete");
  const dash = bare.length > 3 || (bare.length === 3 && !erasing);
  const written = dash ? `${bare.slice(0, 3)}-${bare.slice(3)}` : bare;
  if (written !== typed) field.value = written;
});

// A scanner is a keyboard in a hurry: its first character may find the cursor elsewhere.
document.addEventListener("keydown", (event) => {
  const elsewhere = event.target === document.body || event.target === document.querySelector("main");
  if (elsewhere && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
});

/** @type {MediaStream | undefined} */
let stream;
let looking = false;

function stop() {
  looking = false;
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = undefined;
}

/** @returns {Promise<Blob | null>} */
function frame() {
  const canvas = document.createElement("canvas");
  canvas.width = Math.min(FRAME_WIDTH, video.videoWidth);
  canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
}

async function look() {
  if (!looking) return;
  const picture = video.videoWidth ? await frame() : null;
  if (picture) {
    try {
      const answer = await fetch("/kiosk/scan", {
        method: "POST",
        body: picture,
        headers: { Accept: "application/json", "Content-Type": "image/jpeg" },
      });
      const found = answer.ok ? await answer.json() : {};
      if (found.next) {
        stop();
        window.location.assign(found.next);
        return;
      }
    } catch {
      // the banner of the layout says that the connection is gone; the next frame tries again
    }
  }
  window.setTimeout(() => void look(), FRAME_MS);
}

async function begin() {
  start.disabled = true;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: "user" } });
  } catch {
    told.textContent = told.dataset.failed ?? "";
    start.disabled = false;
    return;
  }
  video.srcObject = stream;
  video.hidden = false;
  start.hidden = true;
  told.textContent = told.dataset.looking ?? "";
  looking = true;
  await video.play();
  void look();
}

start.addEventListener("click", () => void begin());
document.addEventListener("kiosk:wipe", stop);
window.addEventListener("pagehide", stop);
// A kiosk that was set up has granted its camera: look at once. Elsewhere nobody is asked unprompted.
void navigator.permissions
  ?.query({ name: /** @type {PermissionName} */ ("camera") })
  .then((permission) => (permission.state === "granted" ? begin() : undefined))
  .catch(() => undefined);

export {};
