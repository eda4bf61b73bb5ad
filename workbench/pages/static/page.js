// What makes a dashboard page comfortable: pictures, tables, filters. The page can be read without any of it.
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const isDark = () => document.documentElement.dataset.theme === "dark";

  // Pictures. They are stored light; in the dark each light colour is exchanged for its twin.
  const darkOf = JSON.parse($("#dark-of").textContent);
  const colours = new RegExp(Object.keys(darkOf).join("|"), "gi");
  const views = new Map();

  // In a narrow picture the names beside lying bars are cut short, so that the bars have room.
  const shortened = (value) => {
    if (Array.isArray(value)) return value.map(shortened);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [
      key, key === "major_label_overrides" ? cut(inner) : shortened(inner),
    ]));
  };
  const cut = (labels) => ({
    ...labels, entries: labels.entries?.map(([at, text]) => [at, text.length > 18 ? `${text.slice(0, 17).trimEnd()}…` : text]),
  });

  const drawn = async (box, dark) => {
    const id = box.dataset.figure;
    const text = $(`#figure-${id}`).textContent;
    const item = JSON.parse(dark ? text.replace(colours, (c) => darkOf[c.toUpperCase()] ?? c) : text);
    const manager = await Bokeh.embed.embed_item(box.clientWidth < 480 ? shortened(item) : item, box);
    return manager.roots?.[0] ?? [...manager][0];
  };
  const draw = async (box) => {
    const old = views.get(box.dataset.figure);
    old?.remove();
    box.replaceChildren();
    views.set(box.dataset.figure, await drawn(box, isDark()));
    box.classList.remove("waiting");
  };
  const drawAll = async () => {
    for (const box of $$("[data-figure]")) {
      try { await draw(box); } catch (problem) { console.error(problem); box.textContent = box.dataset.failed ?? ""; }
    }
    document.body.dataset.drawn = "yes";
  };
  if (window.Bokeh) drawAll();
  document.addEventListener("themechange", drawAll);

  // Take a picture away as PNG or SVG.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-export]");
    if (!button) return;
    const view = views.get(button.dataset.of);
    if (!view) return;
    const canvas = view.export(button.dataset.export, true);
    const blob = await canvas.to_blob();
    const link = Object.assign(document.createElement("a"), {
      href: URL.createObjectURL(blob), download: `${button.dataset.of}.${button.dataset.export}`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });

  // The picture's numbers, as a table.
  const tableOf = ({ columns, rows }) => {
    const table = document.createElement("table");
    const fill = (row, texts, tag, scope) => texts.forEach((text, i) => {
      const cell = document.createElement(i && scope === "row" ? "td" : tag);
      cell.textContent = text;
      if (columns[i][1]) cell.className = "r";
      if (cell.tagName === "TH") cell.scope = scope;
      row.append(cell);
    });
    fill(table.createTHead().insertRow(), columns.map(([label]) => label), "th", "col");
    const body = table.createTBody();
    for (const texts of rows) fill(body.insertRow(), texts, "th", "row");
    return table;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-shows]");
    if (!button) return;
    const box = document.getElementById(button.dataset.shows);
    if (!box.firstChild) box.append(tableOf(JSON.parse($(`#numbers-${button.dataset.figureId}`).textContent)));
    box.hidden = !box.hidden;
    button.setAttribute("aria-expanded", String(!box.hidden));
  });

  // Tables: sort by a column, search, choose columns.
  const keyOf = (cell) => {
    const order = cell.dataset.order;
    if (order === undefined) return cell.textContent.trim().toLowerCase();
    return order === "" ? null : Number.isNaN(Number(order)) ? order : Number(order);
  };
  const sortBy = (table, index) => {
    const heads = $$("thead th", table);
    const now = heads[index].getAttribute("aria-sort");
    const numbers = heads[index].classList.contains("r");
    const next = now ? (now === "descending" ? "ascending" : "descending") : numbers ? "descending" : "ascending";
    heads.forEach((head, i) => (i === index ? head.setAttribute("aria-sort", next) : head.removeAttribute("aria-sort")));
    const sign = next === "ascending" ? 1 : -1;
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [keyOf(row.cells[index]), row]);
    // Unknown stays last, whichever way the rest is sorted.
    rows.sort(([a], [b]) => (a === b ? 0 : a === null ? 1 : b === null ? -1 : sign * (a < b ? -1 : 1)));
    body.append(...rows.map(([, row]) => row));
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("thead th button");
    if (!button) return;
    const head = button.closest("th");
    sortBy(head.closest("table"), [...head.parentNode.children].indexOf(head));
  });
  document.addEventListener("input", (event) => {
    const field = event.target.closest("[data-searches]");
    if (!field) return;
    const wanted = field.value.trim().toLowerCase();
    const table = $(`table[data-table="${field.dataset.searches}"]`);
    for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    if (table.tFoot) table.tFoot.hidden = wanted !== "";
  });
  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-column]");
    if (!box) return;
    const table = $(`table[data-table="${box.dataset.of}"]`);
    for (const row of table.rows) if (row.cells[box.dataset.column]) row.cells[box.dataset.column].hidden = !box.checked;
  });
  for (const box of $$("[data-column]:not(:checked)")) box.dispatchEvent(new Event("change", { bubbles: true }));

  // Filters: a choice goes at once; what is not chosen stays out of the address.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form#filters");
    if (!form) return;
    const chosen = [...new FormData(form)].filter(([, value]) => value !== "");
    document.body.classList.add("moving");
    location.search = new URLSearchParams(chosen).toString();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".segments a, .stepper a, .tabs a, tbody a, .crumbs a");
    if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey && !link.hash && !link.hasAttribute("download")) {
      document.body.classList.add("moving");
    }
  });
  addEventListener("pageshow", () => document.body.classList.remove("moving"));
})();
