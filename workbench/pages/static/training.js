// What helps on the pages of classes: the live part made anew every three seconds without a flicker, forms that are sent
// without leaving the page. All of it works without.
(() => {
  "use strict";
  const EVERY = 3000;
  const $ = (selector, from = document) => from.querySelector(selector);
  document.documentElement.classList.add("scripted");
  $("#errors")?.focus();

  // Make one element what another is, keeping what is the same: focus, selection, scrolling, what is folded open.
  const become = (now, then) => {
    for (const { name } of [...now.attributes]) if (name !== "open" && !then.hasAttribute(name)) now.removeAttribute(name);
    for (const { name, value } of then.attributes) if (name !== "open" && now.getAttribute(name) !== value) now.setAttribute(name, value);
    const keyed = new Map([...now.children].filter((one) => one.dataset.key).map((one) => [one.dataset.key, one]));
    let at = now.firstChild;
    for (const wanted of [...then.childNodes]) {
      const own = wanted.dataset?.key && keyed.get(wanted.dataset.key);
      // What lies before it goes; what is moved would lose the focus.
      while (own && at && at !== own && !at.dataset?.key) { const gone = at; at = at.nextSibling; gone.remove(); }
      if (own && own !== at) now.insertBefore(own, at);
      const here = own || at;
      const other = here?.dataset?.key && here.dataset.key !== wanted.dataset?.key;
      if (!here || other || here.nodeName !== wanted.nodeName) {
        now.insertBefore(wanted, at);
      } else {
        if (here.nodeType === Node.ELEMENT_NODE) become(here, wanted);
        else if (here.nodeValue !== wanted.nodeValue) here.nodeValue = wanted.nodeValue;
        at = here.nextSibling;
      }
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  };

  // The live part.
  const live = $("#live"), stale = $("#stale"), text = $("#text");
  let timer, since = new Date();
  const clock = (moment) => moment.toLocaleTimeString([], { hour12: false });
  const say = (words) => { stale.hidden = !words; stale.textContent = words; };
  const ask = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(live.dataset.from, { headers: { "X-XSRFToken": live.dataset.xsrf }, credentials: "same-origin", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return say(stale.dataset.out);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const { key, html } = await answer.json();
      if (key !== live.dataset.key) {
        if (text?.value) sessionStorage.setItem(`say ${location.pathname}`, text.value);
        return location.reload();
      }
      const made = live.cloneNode(false);
      made.innerHTML = html;
      become(live, made);
      since = new Date();
      say("");
    } catch {
      say(stale.dataset.lost.replace("{time}", clock(since)));
    }
    timer = setTimeout(ask, EVERY);
  };
  if (live) {
    if (text) {
      text.value ||= sessionStorage.getItem(`say ${location.pathname}`) ?? "";
      sessionStorage.removeItem(`say ${location.pathname}`);
    }
    timer = setTimeout(ask, EVERY);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  }

  // A form that is sent from where one is: what was typed elsewhere stays.
  const told = $("#told");
  const tell = (words, wrong) => {
    told.hidden = false;
    told.classList.toggle("wrong", wrong);
    told.textContent = words;
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.ask && !form.dataset.sent && !confirm(form.dataset.ask)) { event.preventDefault(); return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    if (!live || !form.matches("#live .quiet-form, .side .quiet-form")) {
      document.body.classList.add("moving");
      return;
    }
    event.preventDefault();
    try {
      const sent = { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json", "X-XSRFToken": live.dataset.xsrf }, credentials: "same-origin" };
      const answer = await fetch(form.action, sent);
      const said = await answer.json();
      tell(said.done ?? said.problem, !answer.ok);
      if (answer.ok) { form.reset(); ask(); }
    } catch {
      tell(stale.dataset.unsent, true);
    }
    delete form.dataset.sent;
  });
  addEventListener("pageshow", () => {
    document.body.classList.remove("moving");
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
