// What pages do in the browser. Everything works from `data-pm-*` attributes; there are no inline handlers, and each
// piece starts again on what htmx swaps in. Without these files pages still read, sort, filter and send.
// This one comes first: notices, uploads, menus, and what starts where. charts.js and grids.js hang on `window.pm`.
(() => {
  const pm = (window.pm = {});
  const all = (pm.all = (root, selector) => [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)]);

  // --- notices: thing, fault, next step ---------------------------------------------------------------------------
  pm.notice = (title, text = "") => {
    const box = document.getElementById("pm-notices");
    if (!box) return;
    const notice = document.createElement("div");
    notice.className = "notice";
    const words = document.createElement("div");
    const strong = document.createElement("strong");
    strong.textContent = title;
    words.append(strong, text ? ` ${text}` : "");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "dismiss";
    close.textContent = "×";
    close.setAttribute("aria-label", "Dismiss");
    close.dataset.pmDismiss = "";
    notice.append(words, close);
    box.replaceChildren(notice);
  };

  // The text of a failed answer: problem details (RFC 9457) and pages of faults say it themselves, for the rest we do.
  const problemOf = (status, type, body) => {
    if (type?.includes("json")) {
      try {
        const problem = JSON.parse(body);
        return [problem.title ? `${problem.title}.` : "This did not work.", [problem.detail, problem.next_step].filter(Boolean).join(" ")];
      } catch { /* not JSON after all */ }
    }
    const page = body?.match(/<main class="single fault">[^]*<\/main>/)?.[0]; // the head's styles would offend the content policy
    if (page) {
      const said = new DOMParser().parseFromString(page, "text/html");
      const words = [...said.querySelectorAll(".lead, .dim")].map((part) => part.textContent.trim());
      return [`${said.querySelector("h1").textContent}.`, words.join(" ")];
    }
    if (status === 401 || status === 403) return ["You may not do this.", "Sign in again, or ask an administrator for access."];
    if (status === 404) return ["This is no longer here.", "Reload the page to see what there is now."];
    if (status === 413) return ["The file is too large.", "Split it or ask an administrator to raise the limit."];
    if (status === 429) return ["Too many requests.", "Wait a minute and try again."];
    if (status >= 500) return ["The server could not do this.", "Nothing was changed. Try again; if it stays, tell an administrator."];
    return ["This did not work.", `The server answered ${status}.`];
  };

  // A part that is read once, when the page has come, says it in its place instead of seeming to read on for ever.
  const failed = (part, title, text) => {
    const waiting = part?.getAttribute?.("hx-trigger") === "load" && part.querySelector(".job-progress");
    if (!waiting) return pm.notice(title, text);
    const strong = document.createElement("strong");
    strong.textContent = title;
    waiting.className = "problems";
    waiting.replaceChildren(strong, ` ${text}`);
  };
  document.addEventListener("htmx:responseError", ({ detail: { xhr, elt } }) =>
    failed(elt, ...problemOf(xhr.status, xhr.getResponseHeader("Content-Type"), xhr.responseText)));
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, ({ detail: { elt } }) =>
      failed(elt, "The server does not answer.", "Check the connection and try again."));
  }

  // --- lists that are closed to save room on a screen print whole; afterwards they are as they were --------------------
  addEventListener("beforeprint", () => all(document, "details[data-pm-print]:not([open])").forEach((list) => {
    list.dataset.pmPrint = "closed";
    list.open = true;
  }));
  addEventListener("afterprint", () => all(document, "details[data-pm-print=closed]").forEach((list) => {
    list.dataset.pmPrint = "";
    list.open = false;
  }));

  // --- upload: drop, progress, and the answer's page ------------------------------------------------------------------
  pm.drop = (form) => {
    const input = form.querySelector("input[type=file]"), name = form.querySelector("[data-pm-file]");
    const bar = form.querySelector("progress"), button = form.querySelector("[type=submit]");
    const show = () => {
      const file = input.files[0];
      name.hidden = !file;
      const [size, unit] = file && file.size >= 1e6 ? [file.size / 1e6, "MB"] : [Math.ceil((file?.size ?? 0) / 1e3), "kB"];
      if (file) name.textContent = `${file.name}, ${size.toLocaleString(undefined, { maximumFractionDigits: 1 })} ${unit}`;
    };
    const over = (event, on) => { event.preventDefault(); form.classList.toggle("over", on); };
    input.addEventListener("change", show);
    form.addEventListener("dragover", (event) => over(event, true));
    form.addEventListener("dragleave", (event) => over(event, false));
    form.addEventListener("drop", (event) => { over(event, false); input.files = event.dataTransfer.files; show(); });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const request = new XMLHttpRequest();
      const stop = (...words) => { bar.hidden = true; button.disabled = false; pm.notice(...words); };
      request.upload.addEventListener("progress", ({ loaded, total }) => { bar.value = (loaded / total) * 100; });
      request.upload.addEventListener("load", () => bar.removeAttribute("value")); // sent; the server is checking it
      request.addEventListener("load", () => {
        const type = request.getResponseHeader("Content-Type");
        if (request.status < 400) location.assign(request.getResponseHeader("HX-Redirect") || request.responseURL);
        else if (request.status === 422 && type?.includes("html")) { // the same page, with what is wrong beside the fields
          const main = request.responseText.match(/<main[^]*<\/main>/)?.[0]; // the head's styles would offend the content policy
          const answer = new DOMParser().parseFromString(main, "text/html").querySelector("main");
          document.querySelector("main").replaceWith(answer);
          htmx.process(answer);
          start(answer);
        }
        else stop(...problemOf(request.status, type, request.responseText));
      });
      request.addEventListener("error", () => stop("The upload broke off.", "Nothing was stored. Check the connection and send it again."));
      bar.hidden = false;
      bar.value = 0;
      button.disabled = true;
      request.open("POST", form.action);
      request.setRequestHeader("HX-Request", "true");
      request.send(new FormData(form));
    });
  };

  // --- what starts where ------------------------------------------------------------------------------------------------
  const starts = []; // of the other files, each called with what came in
  pm.starting = (begin) => starts.push(begin);
  const start = (root) => {
    starts.forEach((begin) => begin(root));
    all(root, ".tabs [aria-current]").forEach((tab) => { // on a narrow screen the open tab may stand beyond the edge
      const list = tab.closest("ul"), beyond = tab.getBoundingClientRect().right - list.getBoundingClientRect().right;
      if (beyond > 0) list.scrollLeft += beyond + 24;
    });
    for (const kind of ["tree", "grid", "drop"]) {
      all(root, `[data-pm-${kind}]:not([data-pm-started])`).forEach((part) => { part.setAttribute("data-pm-started", ""); pm[kind](part); }); // form.dataset may be its field of that name
    }
  };
  document.addEventListener("htmx:load", ({ detail }) => start(detail.elt));
  document.addEventListener("DOMContentLoaded", () => start(document.body)); // when the other files have come too

  // A choice that loads the page anew keeps the focus on its field, so that keys go on from there.
  const CHOSEN = "pm-chosen";
  document.addEventListener("change", ({ target }) => {
    const form = target.closest("[data-pm-autosubmit]");
    if (!form) return;
    try { sessionStorage.setItem(CHOSEN, JSON.stringify([location.pathname, target.name])); } catch { /* no storage: from the top */ }
    form.requestSubmit();
  });
  document.addEventListener("DOMContentLoaded", () => {
    let path, name;
    try { [path, name] = JSON.parse(sessionStorage.getItem(CHOSEN)) ?? []; sessionStorage.removeItem(CHOSEN); } catch { /* as above */ }
    if (path !== location.pathname || location.hash) return;
    document.querySelector(`[data-pm-autosubmit] [name="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
  });
  document.addEventListener("focusout", ({ target, relatedTarget }) => { // a menu that Tab has left lies over what comes next
    const menu = target.closest?.("details.menu[open]");
    if (menu && relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
  });
  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    if (on("[data-pm-theme]")) window.pmTheme.toggle();
    on("[data-pm-dismiss]")?.closest(".notice").remove();
    const opener = on("[data-pm-open]");
    if (opener) document.getElementById(opener.dataset.pmOpen)?.showModal();
    on("[data-pm-close]")?.closest("dialog").close();
    if (on("[data-pm-print]")) print();
    document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, textarea, select, [contenteditable]")) {
      const search = document.querySelector("[data-pm-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    }
  });
})();
