// Comforts only; every page does its job without this file.
"use strict";

// The current code follows the clock: counted down here, fetched anew when it changes.
const shown = document.querySelector("[data-code]");
if (shown) {
  const LOOK_AGAIN_SECONDS = 10;
  let left = Number(shown.dataset.seconds) || LOOK_AGAIN_SECONDS;
  let looking = false;

  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      const answer = await fetch(shown.dataset.code, { redirect: "error" });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-code]");
      shown.replaceChildren(...fresh.childNodes);
      left = Number(fresh.dataset.seconds) || LOOK_AGAIN_SECONDS;
    } catch {
      // The server is gone for a while, or asks for the control token: an old code would mislead.
      shown.textContent = "The code cannot be looked up now. Load the page again.";
      left = LOOK_AGAIN_SECONDS;
    } finally {
      looking = false;
    }
  };

  setInterval(() => {
    if (document.hidden) return;
    left -= 1;
    const words = shown.querySelector("[data-left]");
    if (words) words.textContent = Math.max(left, 1);
    if (left <= 0) look();
  }, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
}

// A dispatch moves on by itself: what stands about it is fetched anew until it is over.
const live = document.querySelector("[data-live]");
if (live && !("over" in live.dataset)) {
  const LOOK_EVERY_SECONDS = 2;
  const look = async () => {
    if (document.hidden || live.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { redirect: "error" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      if ("over" in fresh.dataset) { location.reload(); return; }
      if (fresh.innerHTML !== live.innerHTML) live.replaceChildren(...fresh.childNodes);
    } catch {
      // The server is gone for a while, or asks for the control token: what is shown may be old.
    }
  };
  setInterval(look, LOOK_EVERY_SECONDS * 1000);
}
