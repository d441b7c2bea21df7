"use strict";
// Renews the page's content every 15 seconds while the page is visible; without scripts, noscript does.
// Says within 30 seconds that the monitor cannot be reached: a response may take 10, and 25 without one
// are too many.
const RENEW = 15_000;
const PATIENCE = 10_000;
const STALE = 25_000;

let shown = Date.now();
let heard = Date.now();
let isFailing = false;

async function fetched() {
  const control = new AbortController();
  const late = setTimeout(() => control.abort(), PATIENCE);
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: control.signal });
    if (!answer.ok && answer.status !== 404) throw new Error(`status ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const there = page.querySelector("main");
    if (!there) throw new Error("not a status page");
    return there;
  } finally {
    clearTimeout(late);
  }
}

async function renew() {
  if (document.visibilityState !== "visible") return;
  try {
    const there = await fetched();
    heard = Date.now();
    isFailing = false;
    const here = document.querySelector("main");
    const busy = here.contains(document.activeElement) && document.activeElement !== here;
    if (!busy) {
      here.replaceChildren(...there.childNodes);
      shown = Date.now();
    }
  } catch {
    isFailing = true;
  }
  tell();
}

function tell() {
  if (document.visibilityState !== "visible") return;
  const stale = document.getElementById("stale");
  const isStale = isFailing || Date.now() - heard > STALE;
  if (isStale === !stale.hidden) return;
  // In the city's time zone, as all times on the page.
  const local = { timeZone: stale.dataset.zone, hourCycle: "h23" };
  const clock = new Date(shown).toLocaleTimeString(document.documentElement.lang, local);
  stale.textContent = isStale ? stale.dataset.text.replace("{clock}", clock) : "";
  stale.hidden = !isStale;
}

setInterval(renew, RENEW);
setInterval(tell, 1000);
// A hidden page requests nothing, so a missing response means nothing.
document.addEventListener("visibilitychange", () => {
  heard = Date.now();
  renew();
});
