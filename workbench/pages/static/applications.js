// What helps on the pages of applications: the cost while one types, the preview when it is ready, filters that go at
// once, and no second submission of the same form. All of it works without.
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const token = () => $("input[name=_xsrf]")?.value ?? "";
  const part = async (address) => {
    const answer = await fetch(address, { headers: { "X-XSRFToken": token() }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return [answer.status, await answer.text()];
  };

  document.documentElement.classList.add("scripted");
  $("#errors")?.focus();

  // The cost of the plan, reckoned by the server.
  const draft = $("form#draft");
  let soon, asked = 0;
  const reckon = async () => {
    const mine = ++asked;
    const fields = [...new FormData(draft)].filter(([name]) => /^(hours-|gpu_model$|months$)/.test(name));
    try {
      const [, html] = await part(`${draft.dataset.estimate}?${new URLSearchParams(fields)}`);
      if (mine === asked) $("#estimate").innerHTML = html;
      const sum = $("#sum-subsidy");
      if (sum) $("#requested").placeholder = sum.dataset.amount;
    } catch { /* the server reckons again when the draft is saved */ }
  };
  draft?.addEventListener("input", (event) => {
    if (!/^(hours-|gpu_model$)/.test(event.target.name)) return;
    clearTimeout(soon);
    soon = setTimeout(reckon, 250);
  });
  // The project's name follows the title until somebody writes their own.
  const title = $("#title"), slug = $("form#draft #slug");
  title?.addEventListener("input", () => {
    slug.placeholder = title.value.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40) || "cantonese-asr";
  });
  // What was typed is not lost by a careless click.
  let changed = false;
  draft?.addEventListener("input", () => { changed = true; });
  draft?.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

  // The preview, as soon as it is there.
  const wait = async () => {
    const making = $("[data-waits]");
    if (!making) return;
    try {
      const [status, html] = await part(making.dataset.waits);
      if (status === 200) { $("#preview").innerHTML = html; return; }
      const said = $("#preview-step", new DOMParser().parseFromString(html, "text/html"))?.textContent;
      if (said && said !== $("#preview-step").textContent) $("#preview-step").textContent = said;
    } catch { return location.reload(); }
    setTimeout(wait, 700);
  };
  setTimeout(wait, 300);

  // A filter goes at once; what is not chosen stays out of the address.
  $("form#narrow")?.addEventListener("change", (event) => {
    const chosen = [...new FormData(event.currentTarget)].filter(([, value]) => value !== "");
    document.body.classList.add("moving");
    location.search = new URLSearchParams(chosen).toString();
  });

  // One submission of a form is enough.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (event.submitter?.formMethod === "get") return;
    form.dataset.sent = "yes";
    document.body.classList.add("moving");
  });
  addEventListener("pageshow", () => {
    document.body.classList.remove("moving");
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
