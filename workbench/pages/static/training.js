// What helps on the pages of classes: the live part made anew every few seconds without a flicker, forms that are sent
// without leaving the page. All of it works without.
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  document.documentElement.classList.add("scripted");
  $("#errors")?.focus();

  // What a check found stands below the whole form on a phone: that something came of it must be seen.
  const found = $("#checks[data-found]");
  if (found) {
    found.focus({ preventScroll: true });
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    found.scrollIntoView({ behavior: still ? "instant" : "smooth", block: "nearest" });
  }

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
  const every = 1000 * (live?.dataset.every ?? 3);
  // What a page loaded anew would lose; what is said to all is kept over that.
  const typing = () => [...document.querySelectorAll("#main input[type=text]")].some((one) => one.value !== one.defaultValue);
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
      if (key === live.dataset.key) {
        const made = live.cloneNode(false);
        made.innerHTML = html;
        become(live, made);
        since = new Date();
        say("");
      } else if (typing()) {
        say(stale.dataset.typing);
      } else {
        if (text?.value) sessionStorage.setItem(`say ${location.pathname}`, text.value);
        return location.reload();
      }
    } catch {
      say(stale.dataset.lost.replace("{time}", clock(since)));
    }
    timer = setTimeout(ask, every);
  };
  if (live) {
    if (text) {
      text.value ||= sessionStorage.getItem(`say ${location.pathname}`) ?? "";
      sessionStorage.removeItem(`say ${location.pathname}`);
    }
    timer = setTimeout(ask, every);
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

  // A link that asks first, however it is opened: the wheel's press is a click of its own kind.
  const ask_first = (event) => {
    const link = event.target.closest?.("a[data-ask]");
    if (link && event.button < 2 && !confirm(link.dataset.ask)) event.preventDefault();
  };
  document.addEventListener("click", ask_first);
  document.addEventListener("auxclick", ask_first);

  addEventListener("pageshow", () => {
    document.body.classList.remove("moving");
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
