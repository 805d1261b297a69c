// Comforts only; every page does its job without this file.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const text = "value" in source ? source.value : source.textContent;
    const message = button.closest(".panel").querySelector("[data-copied-message]");
    try {
      await navigator.clipboard.writeText(text);
      message.textContent = "Copied to the clipboard.";
    } catch {
      if ("select" in source) source.select();
      else getSelection().selectAllChildren(source);
      message.textContent = "Selected; press Ctrl+C to copy.";
    }
  });
}

const showPasswords = document.querySelector("[data-show-passwords]");
if (showPasswords) {
  const form = showPasswords.closest("form");
  const fields = form.querySelectorAll("input[type=password]");
  const box = showPasswords.querySelector("input");
  const show = (shown) => { for (const field of fields) field.type = shown ? "text" : "password"; };
  showPasswords.hidden = false;
  box.addEventListener("change", () => show(box.checked));
  // Browsers remember what was typed into fields of text.
  form.addEventListener("submit", () => show(false));
}

// What has just been done is told at the top. Browsers scroll a page that is shown again to where it was: not this one.
if (document.querySelector("main > [role=status]")) {
  history.scrollRestoration = "manual";
  if (!location.hash) scrollTo(0, 0);
}

// A menu closes when something else is clicked or reached with Tab, or with the Escape key.
const openMenus = () => document.querySelectorAll(".portal-bar details[open]");
const closeOthers = (target) => {
  for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
};
document.addEventListener("click", (event) => closeOthers(event.target));
document.addEventListener("focusin", (event) => closeOthers(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) { menu.open = false; menu.querySelector("summary").focus(); }
});

const progress = document.querySelector("[data-progress]");
if (progress) {
  const look = async () => {
    try {
      const answer = await fetch(progress.dataset.progress, { redirect: "error" });
      const state = await answer.json();
      if (state.state !== "running") { location.reload(); return; }
      progress.querySelector("[data-rows]").textContent = state.rows.toLocaleString("en-GB");
      progress.querySelector("[data-step]").textContent = state.step;
      progress.querySelector("progress").value = state.percent;
      setTimeout(look, 500);
    } catch {
      // Signed out meanwhile, or the server is gone: the page itself says which.
      location.reload();
    }
  };
  setTimeout(look, 500);
}

// Messages under way: the server holds each question back until there is news, or for some seconds.
const pending = document.querySelector("[data-pending]");
if (pending) {
  const look = async () => {
    try {
      const answer = await fetch(pending.dataset.pending, { redirect: "error" });
      const state = await answer.json();
      if (!state.underWay) { location.reload(); return; }
      setTimeout(look, 200);
    } catch {
      location.reload();
    }
  };
  look();
}
