// Comforts only; every page does its job without this file.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const text = "value" in source ? source.value : source.textContent;
    const message = button.closest("section, .panel").querySelector("[data-copied-message]");
    try {
      await navigator.clipboard.writeText(text);
      message.textContent = "Copied to the clipboard.";
    } catch {
      const range = document.createRange();
      if ("select" in source) source.select();
      else { range.selectNodeContents(source); getSelection().removeAllRanges(); getSelection().addRange(range); }
      message.textContent = "Selected; press Ctrl+C to copy.";
    }
  });
}

// A menu closes when something else is clicked, or with the Escape key.
const openMenus = () => document.querySelectorAll(".portal-bar details[open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) { menu.open = false; menu.querySelector("summary").focus(); }
});

const progress = document.querySelector("[data-progress]");
if (progress) {
  const look = async () => {
    const answer = await fetch(progress.dataset.progress);
    const state = answer.ok ? await answer.json() : { state: "gone" };
    if (state.state !== "running") { location.reload(); return; }
    progress.querySelector("[data-rows]").textContent = state.rows.toLocaleString("en-GB");
    progress.querySelector("progress").value = state.percent;
    setTimeout(look, 500);
  };
  setTimeout(look, 500);
}
