// A what-if while one drags: the numbers beside the sliders follow at once, the answer is asked for again, the newest
// wins. Without it the form is sent by its button.
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const form = $("#scenario"), working = $("#working"), trouble = $("#trouble"), answer = $("#answer");
  document.documentElement.classList.add("scripted");
  for (const slider of $$(".scripted-only", form)) slider.hidden = false;

  // A slider and its number are one value.
  const DAY = 86_400_000;
  const dayOf = (slider) => new Date(Date.parse(slider.dataset.first) + Number(slider.value) * DAY).toISOString().slice(0, 10);
  const follow = (field) => {
    if (field.dataset.of) $(`#${field.dataset.of}`).value = field.value;
    else if (field.dataset.dayOf) $(`#${field.dataset.dayOf}`).value = dayOf(field);
    const slider = $(`[data-of="${field.id}"]`), days = $(`[data-day-of="${field.id}"]`);
    if (field.id && slider) slider.value = field.value;
    if (field.id && days) days.value = Math.round((Date.parse(field.value) - Date.parse(days.dataset.first)) / DAY);
  };

  const asked = () => new URLSearchParams([...new FormData(form)]).toString();
  const said = (text) => { trouble.textContent = text; trouble.hidden = !text; };
  const mark = (problems) => {
    for (const line of $$(".error", form)) {
      const what = problems[line.id.replace("problem-", "")] ?? "";
      line.hidden = !what;
      $("span", line).textContent = what;
      line.closest(".field")?.classList.toggle("bad", Boolean(what));
    }
  };

  let soon, latest = 0, under;
  const again = async () => {
    const mine = ++latest, question = asked();
    under?.abort();
    under = new AbortController();
    working.hidden = false;
    answer.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(`${form.dataset.again}?${question}`, {
        signal: under.signal, credentials: "same-origin", headers: { "X-XSRFToken": form.dataset.token },
      });
      if (mine !== latest || reply.status === 204) return;
      if (!reply.headers.get("Content-Type")?.includes("json")) throw new Error(reply.status);
      const found = await reply.json();
      if (mine !== latest) return;
      if (!reply.ok) return said(found.says);
      said("");
      mark(found.problems);
      $("#sentence").innerHTML = found.sentence;
      $("#glance").innerHTML = found.glance;
      answer.innerHTML = found.answer;
      history.replaceState(null, "", found.query === "?" ? location.pathname : found.query);
      for (const link of $$(".quick a")) {
        if (link.search === location.search) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
      form.dataset.of = question; // what is on the page is the answer to this
    } catch (problem) {
      if (problem.name !== "AbortError" && mine === latest) said(form.dataset.failed);
    } finally {
      if (mine === latest) { working.hidden = true; answer.removeAttribute("aria-busy"); }
    }
  };
  form.addEventListener("input", (event) => {
    follow(event.target);
    clearTimeout(soon);
    if (event.target.id === "pool") { // its sliders have other ends: the whole page anew
      document.body.classList.add("moving");
      location.assign(`${form.action}?${asked()}`);
      return;
    }
    soon = setTimeout(again, event.target.type === "range" ? 120 : 350);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(soon);
    again();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
