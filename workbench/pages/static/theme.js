// Light or dark: the choice made here, kept in the browser; else what the system wishes. Runs in the head, before the
// first paint. The key is the Hub's own, so that the choice holds on its pages and on the dashboards.
(() => {
  "use strict";
  const KEY = "jupyterhub-bs-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const wanted = () => (["light", "dark"].includes(stored()) ? stored() : system.matches ? "dark" : "light");
  const apply = () => {
    const root = document.documentElement;
    if (root.dataset.theme === wanted()) return;
    root.dataset.theme = wanted();
    root.dataset.bsTheme = wanted();
    document.dispatchEvent(new CustomEvent("themechange", { detail: wanted() }));
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#dark-theme-toggle")) return;
    try { localStorage.setItem(KEY, wanted() === "dark" ? "light" : "dark"); } catch { /* private window: this page only */ }
    apply();
  });

  // Where the tabs do not fit, the one that is open is in sight.
  addEventListener("DOMContentLoaded", () => {
    const open = document.querySelector(".tabs [aria-current]");
    if (open) open.parentNode.scrollLeft = open.offsetLeft - open.parentNode.clientWidth / 2 + open.offsetWidth / 2;
  });

  // Menus and explanations are <details>: one open at a time, closed by a click elsewhere or Escape.
  const close = (except) => document.querySelectorAll("details.menu[open], details.why[open]").forEach((d) => {
    if (d !== except) d.open = false;
  });
  document.addEventListener("click", (event) => close(event.target.closest?.("details.menu, details.why")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.menu[open], details.why[open]");
    close();
    open?.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-language]");
    if (!link) return;
    event.preventDefault();
    document.cookie = `workbench-language=${link.dataset.language}; path=/; max-age=31536000; samesite=lax`;
    location.reload();
  });
})();
