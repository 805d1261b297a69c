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

// What moves on by itself is fetched anew, until it is over: a dispatch, the clock, what happened last.
const parts = () => document.querySelectorAll("[data-live]");
const moving = [...parts()].filter((part) => !("over" in part.dataset));
if (moving.length) {
  // A page that answers a form stands at the form's address, where there is nothing to fetch.
  const address = moving[0].dataset.live || location.href;
  const every = Math.min(...moving.map((part) => Number(part.dataset.every) || 2));
  // A form's token is another one each time: it says nothing new, and a form that is replaced may lose a click.
  const said = (part) => part.innerHTML.replace(/name="csrf_token"[^>]*>/g, "");
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(address, { redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelectorAll("[data-live]");
      [...parts()].forEach((part, place) => {
        if (!fresh[place] || part.contains(document.activeElement)) return;
        if ("over" in fresh[place].dataset && !("over" in part.dataset)) { location.replace(address); return; }
        if (said(fresh[place]) !== said(part)) part.replaceChildren(...fresh[place].childNodes);
      });
    } catch {
      // The server is gone for a while, or asks for the control token: what is shown may be old.
    }
  };
  setInterval(look, every * 1000);
}
