// Makes times local and keeps them true, and says when the agent does not answer.
"use strict";
(() => {
  const UNITS = [["d", 86400, 3600], ["h", 3600, 60], ["min", 60, 1], ["s", 1, 1]];
  const absolute = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"});

  function relative(when) {
    const seconds = (when - Date.now()) / 1000;
    const away = Math.abs(seconds);
    if (away < 1) return "now";
    const unit = UNITS.find((one) => away >= one[1] - one[2] / 2);
    const words = `${Math.round(away / unit[1])} ${unit[0]}`;
    return seconds > 0 ? `in ${words}` : `${words} ago`;
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function localise() {
    for (const one of document.querySelectorAll("time[datetime]")) {
      const when = new Date(one.dateTime);
      if (one.classList.contains("at")) {
        write(one, absolute.format(when));
      } else {
        one.title = absolute.format(when);
        write(one, relative(when));
      }
    }
  }

  function lost(words) {
    const banner = document.getElementById("lost");
    if (!banner || banner.hidden === !words) return;
    banner.hidden = !words;
    banner.querySelector("span").textContent = words;
  }

  let leaving;
  function letGo() {
    // What was done needs no answer; what failed stays to be read.
    clearTimeout(leaving);
    leaving = setTimeout(() => document.querySelector("#said .good")?.remove(), 6000);
  }

  function outcome(status, answer) {
    const known = document.getElementById("outcomes").content;
    const find = (kind, value) => known.querySelector(`[data-${kind}="${CSS.escape(value ?? "")}"]`);
    const said = (status === 200 && find("state", answer.state)) || find("state", "");
    const part = said.cloneNode(true);
    if (status !== 200 && answer.message) {
      const step = find("reason", answer.reason)?.textContent ?? "";
      const words = answer.message.charAt(0).toUpperCase() + answer.message.slice(1);
      part.querySelector("span").textContent = `${words.replace(/\.$/, "")}. ${step}`;
    }
    return part.innerHTML;
  }

  const isToApi = (ctx) => ctx?.sourceElement?.matches("form[data-api]");

  // What is sent to the API is JSON, and so is its answer: here it becomes what people read.
  document.addEventListener("htmx:before:request", ({detail: {ctx}}) => {
    if (!isToApi(ctx)) return;
    ctx.request.body = JSON.stringify({source: "the dashboard"});
    Object.assign(ctx.request.headers, {"Content-Type": "application/json", "Accept": "application/json"});
  });
  document.addEventListener("htmx:after:request", ({detail: {ctx}}) => {
    if (!isToApi(ctx)) return;
    if (ctx.response.status === 401) location.reload();
    let answer = {};
    try { answer = JSON.parse(ctx.text); } catch { /* of a proxy */ }
    ctx.text = outcome(ctx.response.status, answer);
  });
  document.addEventListener("htmx:after:swap", localise);
  document.addEventListener("htmx:finally:request", letGo);
  document.addEventListener("htmx:sse:after:connection", () => lost(""));
  document.addEventListener("htmx:sse:error", (event) => {
    if (event.detail.status === 401) location.reload();
    else lost("The agent does not answer. This page tries again by itself.");
  });
  document.addEventListener("htmx:error", () => {
    lost("The agent does not answer, so nothing was done. Try again when it is back.");
  });
  setInterval(() => document.hidden || localise(), 1000);
  document.addEventListener("visibilitychange", () => document.hidden || localise());
  localise();
  letGo();
})();
