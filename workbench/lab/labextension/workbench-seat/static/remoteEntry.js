// A Lab extension as the Lab's module federation wants it, written by hand: a container with init and get.
// It shows seat, time left and messages of a training session, and nothing on any other server.
(() => {
  "use strict";
  const NAME = "workbench-seat";
  const EVERY_MS = 5000;
  let shared = {};

  const css = `
.wb-seat { display: flex; align-items: center; gap: 8px; padding: 0 10px; font-size: var(--jp-ui-font-size1);
  color: var(--jp-ui-font-color1); font-variant-numeric: tabular-nums; white-space: nowrap; position: relative; }
.wb-seat button, .wb-note button { font: inherit; color: var(--jp-ui-font-color1); background: var(--jp-layout-color2);
  border: 1px solid var(--jp-border-color1); border-radius: 6px; padding: 2px 10px; cursor: pointer; min-height: 24px; }
.wb-seat button:hover, .wb-note button:hover { background: var(--jp-layout-color3); }
.wb-seat button:focus-visible, .wb-note button:focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: 1px; }
.wb-left.wb-soon { color: var(--jp-warn-color0, #8f5a00); font-weight: 600; }
.wb-menu { position: absolute; right: 8px; top: 100%; z-index: 10000; min-width: 280px; max-width: min(92vw, 420px);
  padding: 12px; display: grid; gap: 8px; background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color1);
  border-radius: 8px; box-shadow: var(--jp-elevation-z6); white-space: normal; }
.wb-menu[hidden] { display: none; }
.wb-menu p { margin: 0; color: var(--jp-ui-font-color2); }
.wb-menu ul { margin: 4px 0 0; padding-left: 18px; overflow-wrap: anywhere; }
.wb-notes { position: fixed; left: 50%; transform: translateX(-50%); top: 40px; z-index: 10001; display: grid; gap: 8px;
  width: min(92vw, 640px); max-height: min(60vh, 480px); overflow-y: auto; overscroll-behavior: contain; }
.wb-note { display: flex; gap: 12px; align-items: start; padding: 10px 14px; border-radius: 8px;
  background: var(--jp-layout-color1); color: var(--jp-ui-font-color1); border: 1px solid var(--jp-brand-color1);
  border-left-width: 6px; box-shadow: var(--jp-elevation-z6); font-size: var(--jp-ui-font-size2); }
.wb-note div { flex: 1; min-width: 0; overflow-wrap: anywhere; }
.wb-note small { display: block; font-size: var(--jp-ui-font-size1); color: var(--jp-ui-font-color2); }
.wb-note span { white-space: pre-wrap; }
.wb-seat.wb-apart { position: fixed; right: 8px; bottom: 32px; z-index: 9999; padding: 6px 10px; border-radius: 8px;
  background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color1); box-shadow: var(--jp-elevation-z4); }
.wb-apart .wb-menu { right: 0; top: auto; bottom: 100%; margin-bottom: 8px; }`;
  const NARROW = "(max-width: 640px)";

  const cookie = (name) => document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  const element = (tag, given = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), given);
    made.append(...children);
    return made;
  };

  const base = () => JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}").baseUrl ?? "/";
  const ask = async (what, body) => {
    const post = { method: "POST", body: JSON.stringify(body ?? {}) };
    const headers = { "Content-Type": "application/json", "X-XSRFToken": cookie("_xsrf") };
    const answer = await fetch(`${base()}workbench/${what}`, { ...(body === undefined ? {} : post), headers });
    const said = await answer.json().catch(() => ({ error: "The server gave no answer." }));
    if (!answer.ok) throw Object.assign(new Error(said.error || said.message || "It was refused."), { status: answer.status });
    return said;
  };

  const left = (seconds) => {
    if (seconds <= 0) return "The time is over";
    const minutes = Math.ceil(seconds / 60);
    return minutes >= 60 ? `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min left` : `${minutes} min left`;
  };

  // As this browser tells the time; with the day where it is not today.
  const clock = (seconds) => {
    const moment = new Date(seconds * 1000);
    const day = moment.toDateString() === new Date().toDateString() ? {} : { day: "numeric", month: "short" };
    return moment.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  };

  // Which messages of a seat were read, in whichever tab: each writes what the others wrote too, and hears of them.
  class Read {
    constructor(seat, changed) {
      this.key = `${NAME}:${seat}`;
      this.ids = this.kept();
      addEventListener("storage", (event) => {
        if (event.key !== this.key) return;
        this.ids = new Set([...this.ids, ...this.kept()]);
        changed();
      });
    }

    kept() {
      try {
        return new Set(JSON.parse(localStorage.getItem(this.key) ?? "[]"));
      } catch {
        return new Set(); // this browser keeps nothing for us, or what is there is not ours
      }
    }

    add(id) {
      this.ids = new Set([...this.kept(), ...this.ids, id]);
      try {
        localStorage.setItem(this.key, JSON.stringify([...this.ids].sort((a, b) => a - b).slice(-500)));
      } catch {
        // read in this tab at least
      }
    }
  }

  class Seat {
    constructor(first) {
      this.read = new Read(first.seat, () => this.forget());
      this.name = element("span", { className: "wb-name" });
      this.left = element("span", { className: "wb-left" });
      this.left.setAttribute("role", "timer");
      this.says = element("p");
      this.says.setAttribute("role", "status");
      this.more = element("ul", { hidden: true });
      this.share = element("button", { type: "button" });
      const handIn = element("button", { type: "button", textContent: "Hand in my work" });
      const fetchNew = element("button", { type: "button", textContent: "Fetch new materials" });
      this.menu = element("div", { className: "wb-menu", hidden: true }, handIn, this.share, fetchNew, this.says, this.more);
      const open = element("button", { type: "button", textContent: "Class" });
      open.setAttribute("aria-haspopup", "true");
      open.onclick = () => { this.menu.hidden = !this.menu.hidden; };
      this.node = element("div", { className: "wb-seat" }, this.name, this.left, open, this.menu);
      this.node.addEventListener("keydown", (event) => { if (event.key === "Escape") this.menu.hidden = true; });
      document.addEventListener("click", (event) => { if (!this.node.contains(event.target)) this.menu.hidden = true; });
      this.notes = element("div", { className: "wb-notes" });
      this.notes.setAttribute("role", "alert");
      document.body.append(this.notes);
      handIn.onclick = () => this.doing(handIn, "handin", {}, (said) => `Handed in: ${said.files} files, as they are now. You may hand in again.`);
      this.share.onclick = () => this.doing(this.share, "share", { on: !this.seat.shared }, (said) =>
        said.shared_at ? "Your instructor may open this seat until you take it back." : "Nobody else may open this seat.");
      fetchNew.onclick = () => this.doing(fetchNew, "materials", {}, (said) => this.fetched(said));
      this.show(first);
    }

    async doing(button, what, body, words) {
      button.disabled = true;
      this.more.hidden = true;
      this.says.textContent = "A moment …";
      try {
        this.says.textContent = words(await ask(what, body));
        await this.look();
      } catch (problem) {
        this.says.textContent = problem.message;
      }
      button.disabled = false;
    }

    fetched(said) {
      const conflicts = said.conflicts ?? [];
      this.more.replaceChildren(...conflicts.map((one) => element("li", { textContent: `${one.file}: yours stays; the new one is ${one.beside}` })));
      this.more.hidden = conflicts.length === 0;
      const news = (said.updated ?? []).length;
      if (conflicts.length) return `${conflicts.length} files were changed by you and by the instructor:`;
      return news ? `${news} files are new. What you changed stayed as it was.` : "You have all there is.";
    }

    show(seat) {
      this.seat = seat;
      this.ahead = seat.server_now - Date.now() / 1000;
      this.name.textContent = `Seat ${seat.number}${seat.shown_name ? ` · ${seat.shown_name}` : ""}`;
      this.share.textContent = seat.shared ? "Stop letting the instructor look" : "Let the instructor look";
      for (const one of seat.messages ?? []) if (!this.read.ids.has(one.id)) this.note(one);
      this.tick();
    }

    note(one) {
      if (this.notes.querySelector(`[data-id="${one.id}"]`)) return;
      const read = element("button", { type: "button", textContent: "Read" });
      const from = element("small", { textContent: `${one.author || "The clock"} · ${clock(one.at)}` });
      const said = element("div", {}, from, element("span", { textContent: one.text }));
      const shown = element("div", { className: "wb-note" }, said, read);
      shown.dataset.id = one.id;
      read.onclick = () => {
        const next = shown.nextElementSibling ?? shown.previousElementSibling;
        this.read.add(one.id);
        shown.remove();
        next?.querySelector("button").focus(); // from there on, not from the top of the Lab
      };
      this.notes.prepend(shown); // they come the oldest first
    }

    forget() {
      for (const one of [...this.notes.children]) if (this.read.ids.has(Number(one.dataset.id))) one.remove();
    }

    tick() {
      const seconds = this.seat.ends_at - (Date.now() / 1000 + this.ahead);
      this.left.textContent = left(seconds);
      this.left.classList.toggle("wb-soon", seconds <= 600);
    }

    async look() {
      try {
        this.show(await ask("seat"));
      } catch {
        this.tick(); // silent for now: the next look may hear
      }
    }
  }

  const plugin = {
    id: `${NAME}:plugin`,
    description: "Seat, time left and messages of a training session",
    autoStart: true,
    activate: (app) => { sit(app); }, // not awaited: the Lab starts when its plugins are ready, this one waits for the Lab
  };

  const sit = async (app) => {
    let first;
    // A centre that does not answer just now is asked again: only its word says that this is no seat.
    const none = (problem) => (problem.status === 404 ? { seat: null } : null);
    while (!(first = await ask("seat").catch(none))) await new Promise((again) => setTimeout(again, EVERY_MS));
    if (!first.seat) return;
    document.head.append(element("style", { textContent: css }));
    const seat = new Seat(first);
    await app.started;
    if (window.matchMedia(NARROW).matches) {
      // The Lab's own bar cuts off what has no room there.
      seat.node.classList.add("wb-apart");
      document.body.append(seat.node);
      app.restored.then(() => app.shell.collapseLeft?.()); // the list of files leaves no room for what is worked on
    } else {
      const versions = shared["@lumino/widgets"] ?? {};
      const factory = await versions[Object.keys(versions)[0]].get();
      const widget = new (factory().Widget)({ node: seat.node });
      widget.id = NAME;
      app.shell.add(widget, "top", { rank: 1000 });
    }
    setInterval(() => seat.look(), EVERY_MS);
    setInterval(() => seat.tick(), 1000);
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => { shared = scope; },
    get: async (module) => {
      if (module !== "./extension") throw new Error(`${NAME} has no ${module}`);
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
