"use strict";
// Renews the page's content every 30 seconds while it is looked at; without it, noscript does.
const SECONDS = 30;

async function renew() {
  const here = document.querySelector("main");
  const busy = here.contains(document.activeElement) && document.activeElement !== here;
  if (document.visibilityState !== "visible" || busy) return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const there = page.querySelector("main");
  if (there) here.replaceChildren(...there.childNodes);
}

setInterval(() => renew().catch(() => {}), SECONDS * 1000);
